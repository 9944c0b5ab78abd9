import * as z from "zod";
import { Balance } from "../credits.ts";
import { UserId } from "../id.ts";
import { refuse } from "../refusal.ts";
import { Timestamp } from "../text.ts";
import { Combo } from "./combo.ts";
import type { Entry } from "./ledger.ts";

/** A user's credits as stored. A wallet that does not exist is an empty one. */
export const Wallet = z.object({
  userId: UserId,
  balance: Balance,
  /** Credits of refunds that the balance could not cover: repaid by whatever comes in next. */
  owed: Balance,
  /** The number of the newest ledger entry. */
  seq: z.number().int().min(0),
  /** Entries up to this number are of a user who was deleted: the same sub is new since. */
  since: z.number().int().min(0).optional(),
  /** When that user was deleted: gifts of before then are not the new user's. */
  leftAt: Timestamp.optional(),
  /** The hash of the newest ledger entry. */
  head: z.string(),
  /** Grows with each write: the optimistic lock. */
  revision: z.number().int().min(0),
  /** Gifts, superlikes and transfers sent in one second, for their rate. */
  pace: z.object({ second: z.number(), gifts: z.number() }).optional(),
  /** Credits spent on one day (UTC). */
  spent: z.object({ day: z.string(), credits: z.number() }).optional(),
  /** The user's own limit of credits a day, 0 for none; without it, the stage's applies. */
  spendLimit: z.number().int().min(0).optional(),
  /** The newest combos of this sender, newest first. */
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

/** A wallet before and after a change, and the entries that lead from one to the other. */
export type Draft = { before: Wallet; after: Wallet; entries: readonly Entry[] };

export const draftOf = (wallet: Wallet): Draft => ({
  before: wallet,
  after: { ...wallet, revision: wallet.revision + 1 },
  entries: [],
});

/** What one movement is about; `amount` is positive, and the function says the direction. */
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

/** Takes credits out. Refuses with `credits_too_low`. */
export function debit(draft: Draft, movement: Movement): Draft {
  const { balance } = draft.after;
  if (balance < movement.amount) refuse("credits_too_low", { balance, price: movement.amount });
  return post(draft, movement, -movement.amount);
}

/**
 * Puts credits in: the one way in for gifts, top-ups, purchases, transfers and refunds alike. A
 * wallet that owes repays first: an entry of the whole amount, then one that takes back what it
 * owes.
 */
export function credit(draft: Draft, movement: Movement): Draft {
  const { balance, owed } = draft.after;
  if (balance + movement.amount > Number.MAX_SAFE_INTEGER) refuse("balance_too_high");
  const credited = post(draft, movement, movement.amount);
  const repaid = Math.min(owed, movement.amount);
  if (repaid === 0) return credited;
  const repayment = post(credited, { ...movement, type: "gift_refund_reversal" }, -repaid);
  return { ...repayment, after: { ...repayment.after, owed: owed - repaid } };
}

/** Takes back what was received: as much as there is, and the rest is owed from now on. */
export function takeBack(draft: Draft, movement: Movement): Draft {
  const { balance, owed } = draft.after;
  const taken = Math.min(balance, movement.amount);
  const posted = taken === 0 ? draft : post(draft, movement, -taken);
  return { ...posted, after: { ...posted.after, owed: owed + movement.amount - taken } };
}

/** The most that one entry moves, and entries of one forfeit: one transaction has to hold them. */
const forfeitedAtOnce = 1_000_000_000;
const forfeitsMax = 50;

/** The most credits that a wallet can forfeit at once. */
export const forfeitableMax = forfeitedAtOnce * forfeitsMax;

/**
 * The end of a user's wallet: what is left is taken out, and its next entries belong to a new user.
 * Refuses with `credits_too_low` where more is left than `forfeitableMax`.
 */
export function forfeit(wallet: Wallet, occurredAt: string): Draft {
  const { balance } = wallet;
  if (balance > forfeitableMax) refuse("credits_too_low", { balance, price: forfeitableMax });
  let draft = draftOf(wallet);
  while (draft.after.balance > 0) {
    const amount = Math.min(draft.after.balance, forfeitedAtOnce);
    draft = debit(draft, { type: "payout", amount, reference: "forfeit", occurredAt });
  }
  const left = { combos: [], since: draft.after.seq, leftAt: occurredAt };
  return { ...draft, after: { ...draft.after, ...left } };
}

/** Whether what was sent at this moment (milliseconds since 1970) was for a user who has left. */
export const isOfFormer = ({ leftAt }: Wallet, sentAt: number) =>
  leftAt !== undefined && sentAt <= Date.parse(leftAt);

/**
 * Credits what was sent to a user who has left and forfeits it at once, so that the next user of
 * the same sub neither gets it nor, unless they have entries already, sees it.
 */
export function creditFormer(draft: Draft, movement: Movement): Draft {
  const { balance, seq, since } = draft.after;
  const credited = credit(draft, movement);
  const amount = credited.after.balance - balance;
  if (amount === 0) return credited;
  const { occurredAt } = movement;
  const paid = debit(credited, { type: "payout", amount, reference: "forfeit", occurredAt });
  return seq === since ? { ...paid, after: { ...paid.after, since: paid.after.seq } } : paid;
}

/** What a stage allows one user to spend. */
export type SpendLimits = {
  giftsPerSecond: number;
  /** Credits a day for users without a limit of their own, 0 for none. */
  spendLimit: number;
};

/** What is shown of a wallet: `pending` is received and not settled yet. */
export const Balances = z.object({
  balance: Balance,
  pending: Balance,
  owed: Balance,
  spendLimit: Balance,
});
export type Balances = z.infer<typeof Balances>;

/** The limit of credits a day that applies to this wallet, 0 for none. */
export const spendLimitOf = (wallet: Wallet, limits: Pick<SpendLimits, "spendLimit">) =>
  wallet.spendLimit ?? limits.spendLimit;

/** A clock that is further ahead than this was wrong, and the second that it counted is dropped. */
const clockSlackSeconds = 60;

/**
 * Counts one gift, superlike or transfer against the user's rate and daily limit. Both live in the
 * wallet, so they are exact and cost no write. Neither goes back: a call that began before midnight
 * but commits after one that began past it counts for the new day, which it would otherwise reset.
 * Refuses with `too_many_requests` or `spend_limit_reached`.
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
