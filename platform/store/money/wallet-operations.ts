import type { CreditPackage } from "../../../domain/money/credit-package.ts";
import type { Booked, Transferred } from "../../../domain/money/transfer.ts";
import {
  credit,
  type Draft,
  debit,
  draftOf,
  isForFormerUser,
  type Movement,
  spend,
  type Wallet,
} from "../../../domain/money/wallet.ts";
import { refuse } from "../../../domain/refusal.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { key } from "../../table/keys.ts";
import type { Action, Reply } from "../../table/transact.ts";
import { mentionAction } from "../people/profile-changes.ts";
import { findProfile } from "../people/users.ts";
import { commit, findWallet, spendLimits } from "./wallets.ts";

/** One booking: whose wallet, the amount, and the external reference. */
type Booking = { userId: string; amount: number; reference: string; now: Date };

/**
 * Adds credits to a wallet from outside. The user becomes known, in the same transaction: a
 * repeated top-up must not bring back the profile of a deleted user. Refuses with
 * `reference_exists` if the reference was ever used on this wallet, by a top-up or payout.
 */
export const topUp = (
  booking: Booking,
  idempotentReply: (answer: Booked) => Reply<Booked>,
): Promise<Booked> =>
  retryOnConflict(async () => {
    const { userId, now } = booking;
    const wallet = await findWallet(userId);
    // Read after the wallet: if the user is deleted later, the wallet's `leftAt` changes.
    const isKnown = (await findProfile(userId, { consistent: true })) !== undefined;
    const also = isKnown ? [] : [mentionAction(userId, now)];
    try {
      return await book(wallet, booking, { type: "top_up", move: credit, also }, idempotentReply);
    } catch (error) {
      if (error instanceof Changed) return conflicted;
      throw error;
    }
  });

/**
 * Removes credits from the system; refuses with `user_not_found`, `credits_too_low` or
 * `reference_exists`.
 */
export async function payOut(
  booking: Booking,
  idempotentReply: (answer: Booked) => Reply<Booked>,
): Promise<Booked> {
  const { userId } = booking;
  const change = { type: "payout", move: debit, also: [] } as const;
  try {
    return await book(await findWallet(userId), booking, change, idempotentReply);
  } catch (error) {
    if (error instanceof Changed) refuse("user_not_found", { userId });
    throw error;
  }
}

/** Thrown through `commit` if the user was deleted, or became known, after the reads. */
class Changed extends Error {}

type Change = {
  type: "top_up" | "payout";
  move: (draft: Draft, movement: Movement) => Draft;
  also: readonly Action[];
};

async function book(
  known: Wallet,
  { userId, amount, reference, now }: Booking,
  { type, move, also }: Change,
  idempotentReply: (answer: Booked) => Reply<Booked>,
): Promise<Booked> {
  const occurredAt = now.toISOString();
  const claim = {
    label: "reference",
    Put: {
      Item: { ...key.reference(userId, reference), type, amount, occurredAt },
      ConditionExpression: "attribute_not_exists(PK)",
    },
  };
  return commit(
    [known],
    ([wallet]) => {
      if (wallet.leftAt !== known.leftAt) throw new Changed();
      const draft = move(draftOf(wallet), { type, amount, reference, occurredAt });
      const { balance } = draft.after;
      return {
        drafts: [draft],
        actions: [claim, ...also],
        reply: idempotentReply({ userId, amount, balance, reference }),
      };
    },
    (failed) => {
      if (failed.has("reference")) refuse("reference_exists", { reference });
      throw new Changed();
    },
  );
}

/**
 * Adds the credits of a package to the buyer's wallet; its id is the entry's reference. Refuses
 * with `user_not_found` if the buyer is deleted after the call began: the credits would go to the
 * next user of the `sub`.
 */
export async function purchase<A>(
  userId: string,
  { id: reference, creditAmount: amount }: CreditPackage,
  now: Date,
  reply: Reply<A>,
): Promise<A> {
  const occurredAt = now.toISOString();
  const movement = { type: "credit_purchase", amount, reference, occurredAt } as const;
  return commit([await findWallet(userId)], ([wallet]) => {
    if (isForFormerUser(wallet, now.getTime())) refuse("user_not_found", { userId });
    return { drafts: [credit(draftOf(wallet), movement)], reply };
  });
}

type TransferRequest = { senderId: string; recipientId: string; amount: number; now: Date };

/**
 * Moves credits from one user to another: both wallets and their entries in one transaction. It
 * counts towards the sender's rate and daily limit like a gift, since it could replace one. Refuses
 * with `user_not_found`, `credits_too_low`, `too_many_requests` or `spend_limit_reached`. The two
 * users must be different.
 */
export async function transfer(
  { senderId, recipientId, amount, now }: TransferRequest,
  idempotentReply: (answer: Transferred) => Reply<Transferred>,
): Promise<Transferred> {
  const occurredAt = now.toISOString();
  const wallets = await Promise.all([findWallet(senderId), findWallet(recipientId)]);
  const [, known] = wallets;
  // Read after the wallets: if the recipient is deleted later, their wallet's `leftAt` changes.
  if ((await findProfile(recipientId, { consistent: true })) === undefined)
    refuse("user_not_found", { userId: recipientId });
  return commit(wallets, ([from, to]) => {
    if (to.leftAt !== known.leftAt) refuse("user_not_found", { userId: recipientId });
    const { balance } = from;
    if (balance < amount) refuse("credits_too_low", { balance, price: amount });
    const sent = {
      type: "credit_transfer_sent",
      amount,
      counterpart: recipientId,
      occurredAt,
    } as const;
    const sender = spend(from, sent, now, spendLimits());
    const recipient = credit(draftOf(to), {
      type: "credit_transfer_received",
      amount,
      counterpart: senderId,
      occurredAt,
    });
    const answer = {
      senderId,
      recipientId,
      transferredAmount: amount,
      senderBalance: sender.after.balance,
      recipientBalance: null,
    };
    return { drafts: [sender, recipient], reply: idempotentReply(answer) };
  });
}
