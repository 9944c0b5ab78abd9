import * as z from "zod";
import { Balance } from "../credits.ts";
import { UserId } from "../id.ts";
import { refuse } from "../refusal.ts";
import { Timestamp } from "../text.ts";
import { Combo } from "./combo.ts";
import type { Entry } from "./ledger.ts";

/** A user's credits as stored. A missing item is an empty wallet. */
export const Wallet = z.object({
  userId: UserId,
  balance: Balance,
  /** Credits of refunds that the balance could not cover: repaid from the next credits received. */
  owed: Balance,
  /** The number of the newest ledger entry. */
  seq: z.number().int().min(0),
  /** Entries up to this number belong to a deleted user; a new user has had the same sub since. */
  since: z.number().int().min(0).optional(),
  /** When that user was deleted: gifts sent before then are not for the new user. */
  leftAt: Timestamp.optional(),
  /** The hash of the newest ledger entry. */
  head: z.string(),
  /** Incremented by each write: the optimistic lock. */
  revision: z.number().int().min(0),
  /** Gifts, superlikes and transfers sent within one second, for their rate limit. */
  pace: z.object({ second: z.number(), gifts: z.number() }).optional(),
  /** Credits spent on one day (UTC). */
  spent: z.object({ day: z.string(), credits: z.number() }).optional(),
  /** The user's own limit of credits a day, 0 for none; without it, the stage's applies. */
  spendLimit: z.number().int().min(0).optional(),
  /** The newest combos of this sender, and more that may continue, newest first. */
  combos: z.array(Combo).optional(),
});
export type Wallet = z.infer<typeof Wallet>;

export const emptyWallet = (userId: string): Wallet => ({
  userId,
  balance: 0,
  owed: 0,
  seq: 0,
  head: "",
  revision: 0,
});

/** A wallet before and after a change, and the ledger entries of that change. */
export type Draft = { before: Wallet; after: Wallet; entries: readonly Entry[] };

export const draftOf = (wallet: Wallet): Draft => ({
  before: wallet,
  after: { ...wallet, revision: wallet.revision + 1 },
  entries: [],
});

/** The reason of one movement; `amount` is positive, and the function decides the direction. */
export type Movement = Pick<Entry, "type" | "amount" | "occurredAt"> &
  Partial<Pick<Entry, "counterpart" | "streamId" | "giftId" | "reference">>;

function post(draft: Draft, movement: Movement, amount: number): Draft {
  const { after, entries } = draft;
  const balance = after.balance + amount;
  const seq = after.seq + 1;
  const { type, occurredAt, counterpart = null, streamId = null } = movement;
  const { giftId = null, reference = null } = movement;
  const entry: Entry = {
    userId: after.userId,
    seq,
    type,
    amount,
    balanceAfter: balance,
    counterpart,
    streamId,
    giftId,
    reference,
    occurredAt,
  };
  return { ...draft, after: { ...after, balance, seq }, entries: [...entries, entry] };
}

/** Withdraws credits. Refuses with `credits_too_low`. */
export function debit(draft: Draft, movement: Movement): Draft {
  const { balance } = draft.after;
  if (balance < movement.amount) refuse("credits_too_low", { balance, price: movement.amount });
  return post(draft, movement, -movement.amount);
}

/** Withdraws credits as `debit`, and counts them as `countSpending`. */
export const spend = (wallet: Wallet, movement: Movement, now: Date, limits: SpendLimits) =>
  debit(countSpending(draftOf(wallet), movement.amount, now, limits), movement);

/**
 * Adds credits: the only way in, for gifts, top-ups, purchases, transfers and refunds alike. A
 * wallet that owes credits repays first: one entry for the whole amount, then one that takes back
 * the debt.
 */
export function credit(draft: Draft, movement: Movement): Draft {
  const { owed } = draft.after;
  const credited = receive(draft, movement);
  const repaid = Math.min(owed, movement.amount);
  if (repaid === 0) return credited;
  const repayment = post(credited, { ...movement, type: "gift_refund_reversal" }, -repaid);
  return { ...repayment, after: { ...repayment.after, owed: owed - repaid } };
}

function receive(draft: Draft, movement: Movement): Draft {
  if (draft.after.balance + movement.amount > Number.MAX_SAFE_INTEGER) refuse("balance_too_high");
  return post(draft, movement, movement.amount);
}

/** Takes back received credits: as many as are available; the rest becomes a debt. */
export function clawBack(draft: Draft, movement: Movement): Draft {
  const { balance, owed } = draft.after;
  const taken = Math.min(balance, movement.amount);
  const posted = taken === 0 ? draft : post(draft, movement, -taken);
  return { ...posted, after: { ...posted.after, owed: owed + movement.amount - taken } };
}

/** The largest amount of one entry, and the most entries of one forfeit: it is one transaction. */
const forfeitedAtOnce = 1_000_000_000;
const forfeitsMax = 50;

/** The most credits that a wallet can forfeit at once. */
export const forfeitableMax = forfeitedAtOnce * forfeitsMax;

/**
 * Ends a user's wallet: the remaining credits are removed, and later entries belong to a new user.
 * At most `forfeitableMax` may be left.
 */
export function forfeit(wallet: Wallet, occurredAt: string): Draft {
  let draft = draftOf(wallet);
  while (draft.after.balance > 0) {
    const amount = Math.min(draft.after.balance, forfeitedAtOnce);
    draft = debit(draft, { type: "payout", amount, reference: "forfeit", occurredAt });
  }
  const left = { combos: [], since: draft.after.seq, leftAt: occurredAt };
  return { ...draft, after: { ...draft.after, ...left } };
}

/** Whether credits sent at this time (milliseconds since 1970) were for the deleted user. */
export const isForFormerUser = ({ leftAt }: Pick<Wallet, "leftAt">, sentAt: number) =>
  leftAt !== undefined && sentAt <= Date.parse(leftAt);

/**
 * Credits what was sent to a deleted user and forfeits it at once. The next user of the same sub
 * does not get it, not even for a debt, and sees its entries only if they have others already.
 */
export function creditFormerUser(draft: Draft, movement: Movement): Draft {
  const { seq, since } = draft.after;
  const { amount, occurredAt } = movement;
  const left = { type: "payout", amount, reference: "forfeit", occurredAt } as const;
  const paid = debit(receive(draft, movement), left);
  return seq === since ? { ...paid, after: { ...paid.after, since: paid.after.seq } } : paid;
}

/** The stage's limits on one user's spending. */
export type SpendLimits = {
  giftsPerSecond: number;
  /** Daily limit in credits for users without their own, 0 for none. */
  spendLimit: number;
};

/** The public part of a wallet: `pending` is received and not settled yet. */
export const Balances = z.object({
  balance: Balance,
  pending: Balance,
  owed: Balance,
  spendLimit: Balance,
});
export type Balances = z.infer<typeof Balances>;

/** The daily limit in credits that applies to this wallet, 0 for none. */
export const spendLimitOf = (wallet: Wallet, limits: Pick<SpendLimits, "spendLimit">) =>
  wallet.spendLimit ?? limits.spendLimit;

/** A clock further ahead than this was wrong, and the second that it counted is dropped. */
const clockSlackSeconds = 60;

/**
 * Counts one gift, superlike or transfer against the user's rate and daily limit. Both are stored
 * in the wallet, so they are exact and cost no extra write. Neither moves backwards: a call that
 * began before midnight but commits after one from the new day counts for the new day, which it
 * would otherwise reset. Refuses with `too_many_requests` or `spend_limit_reached`.
 */
export function countSpending(draft: Draft, price: number, now: Date, limits: SpendLimits): Draft {
  const { pace, spent } = draft.after;
  const clock = Math.floor(now.getTime() / 1000);
  const isSameSecond =
    pace !== undefined && pace.second >= clock && pace.second - clock <= clockSlackSeconds;
  const second = isSameSecond ? pace.second : clock;
  const gifts = (isSameSecond ? pace.gifts : 0) + 1;
  if (gifts > limits.giftsPerSecond) refuse("too_many_requests");
  const today = now.toISOString().slice(0, 10);
  const day = spent !== undefined && spent.day > today ? spent.day : today;
  const spentToday = spent?.day === day ? spent.credits : 0;
  const spendLimit = spendLimitOf(draft.after, limits);
  if (spendLimit > 0 && spentToday + price > spendLimit)
    refuse("spend_limit_reached", { spent: spentToday, spendLimit, price });
  const counted = { pace: { second, gifts }, spent: { day, credits: spentToday + price } };
  return { ...draft, after: { ...draft.after, ...counted } };
}

/** Subtracts a returned payment from what was spent on its day, if that day is still counted. */
export function uncountSpending(draft: Draft, price: number, paidAt: string): Draft {
  const { spent } = draft.after;
  if (spent?.day !== paidAt.slice(0, 10)) return draft;
  const credits = Math.max(0, spent.credits - price);
  return { ...draft, after: { ...draft.after, spent: { ...spent, credits } } };
}
