import type { CreditPackage } from "../../../domain/money/credit-package.ts";
import type { Booked, Transferred } from "../../../domain/money/transfer.ts";
import {
  credit,
  type Draft,
  debit,
  draftOf,
  type Movement,
  spend,
  type Wallet,
} from "../../../domain/money/wallet.ts";
import { refuse } from "../../../domain/refusal.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { key } from "../../table/keys.ts";
import type { Reply } from "../../table/transact.ts";
import { recordFirstSight } from "../people/profile-changes.ts";
import { findProfile } from "../people/users.ts";
import { commit, findWallet, spendLimits } from "./wallets.ts";

/** One booking: whose wallet, the amount, and the external reference. */
type Booking = { userId: string; amount: number; reference: string; now: Date };

/**
 * Adds credits to a wallet from outside. The user becomes known. Refuses with `reference_exists` if
 * the reference was ever used on this wallet, by a top-up or payout.
 */
export const topUp = (
  booking: Booking,
  idempotentReply: (answer: Booked) => Reply<Booked>,
): Promise<Booked> =>
  decideAgain(async () => {
    const wallet = await findWallet(booking.userId);
    // After the wallet: if the user is deleted after this, the wallet has changed.
    await recordFirstSight(booking.userId, {}, booking.now, undefined, { consistent: true });
    try {
      return await book(wallet, booking, "top_up", credit, idempotentReply);
    } catch (error) {
      if (error instanceof Deleted) return overtaken;
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
  try {
    return await book(await findWallet(userId), booking, "payout", debit, idempotentReply);
  } catch (error) {
    if (error instanceof Deleted) refuse("user_not_found", { userId });
    throw error;
  }
}

/** The user was deleted after the wallet was read. */
class Deleted extends Error {}

async function book(
  known: Wallet,
  { userId, amount, reference, now }: Booking,
  type: "top_up" | "payout",
  move: (draft: Draft, movement: Movement) => Draft,
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
      if (wallet.leftAt !== known.leftAt) throw new Deleted();
      const draft = move(draftOf(wallet), { type, amount, reference, occurredAt });
      const { balance } = draft.after;
      return {
        drafts: [draft],
        actions: [claim],
        reply: idempotentReply({ userId, amount, balance, reference }),
      };
    },
    () => refuse("reference_exists", { reference }),
  );
}

/** Adds the credits of a package to the buyer's wallet; its id is the entry's reference. */
export async function purchase<A>(
  userId: string,
  { id: reference, creditAmount: amount }: CreditPackage,
  now: Date,
  reply: Reply<A>,
): Promise<A> {
  const occurredAt = now.toISOString();
  const movement = { type: "credit_purchase", amount, reference, occurredAt } as const;
  return commit([await findWallet(userId)], ([wallet]) => ({
    drafts: [credit(draftOf(wallet), movement)],
    reply,
  }));
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
  // After the wallets: if the recipient is deleted after this, their wallet has changed.
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
