import * as z from "zod";
import { Amount, Balance } from "../credits.ts";
import { shownId, UserId } from "../id.ts";
import { UserSummary } from "../people/user.ts";
import { shownText, Timestamp } from "../text.ts";

/** Why a balance changed. */
export const EntryType = z.enum([
  "gift_spend",
  "gift_revenue",
  "superlike_spend",
  "superlike_revenue",
  "credit_purchase",
  "top_up",
  "payout",
  "credit_transfer_sent",
  "credit_transfer_received",
  "gift_refund",
  "gift_refund_reversal",
  "stream_charge",
  "stream_revenue",
  "stream_funding_contribution",
  "stream_funding_refund",
]);
export type EntryType = z.infer<typeof EntryType>;

/** One change of one balance. Entries are never changed and never deleted. */
export const Entry = z.object({
  userId: UserId,
  /** 1, 2, 3 … in each wallet, without a gap. */
  seq: z.number().int().min(1),
  type: EntryType,
  /** Credits: positive when the wallet gained, negative when it lost. */
  amount: z.number().int(),
  balanceAfter: z.number().int().min(0),
  /** The user on the other side, if there is one. */
  counterpart: UserId.nullable(),
  streamId: z.string().nullable(),
  giftId: z.string().nullable(),
  reference: z.string().nullable(),
  occurredAt: Timestamp,
});
export type Entry = z.infer<typeof Entry>;

/** An entry with its links in the chain. */
export const ChainedEntry = Entry.extend({
  /** The hash of the previous entry in this wallet; empty in the first. */
  previous: z.string(),
});
export type ChainedEntry = z.infer<typeof ChainedEntry>;

/** The fields that each entry stores; all others follow from the previous entry. */
const EntryFields = Entry.pick({
  type: true,
  amount: true,
  counterpart: true,
  streamId: true,
  giftId: true,
  reference: true,
  occurredAt: true,
});
const storedFields = Object.keys(EntryFields.shape) as (keyof typeof EntryFields.shape)[];

/**
 * The largest number of entries in one item: as many as fit a kilobyte, the unit of a write, if
 * gifts were settled and user ids have 36 characters.
 */
export const entriesOfItemMax = 8;

/**
 * The entries that one commit wrote to one wallet, as stored: the first whole, and each further one
 * only where it differs from the first.
 */
export const EntryItem = ChainedEntry.extend({
  more: z
    .array(EntryFields.partial())
    .max(entriesOfItemMax - 1)
    .optional(),
});
export type EntryItem = z.infer<typeof EntryItem>;

/** Packs consecutive entries that are written together into items. */
export function itemsOf(entries: readonly ChainedEntry[]): EntryItem[] {
  const items: EntryItem[] = [];
  for (let at = 0; at < entries.length; at += entriesOfItemMax) {
    const [first, ...rest] = entries.slice(at, at + entriesOfItemMax);
    const more = rest.map((entry) =>
      Object.fromEntries(
        storedFields
          .filter((field) => entry[field] !== first![field])
          .map((field) => [field, entry[field]]),
      ),
    );
    items.push({ ...first!, ...(more.length > 0 && { more }) });
  }
  return items;
}

/**
 * Unpacks the entries of an item; `hashOf` computes the hash that links them. Throws if an entry is
 * invalid.
 */
export function entriesOf(
  { more = [], ...first }: EntryItem,
  hashOf: (entry: ChainedEntry) => string,
): ChainedEntry[] {
  const entries: ChainedEntry[] = [first];
  let last: ChainedEntry = first;
  for (const own of more) {
    const balanceAfter = last.balanceAfter + (own.amount ?? first.amount);
    const place = { seq: last.seq + 1, balanceAfter, previous: hashOf(last) };
    last = ChainedEntry.parse({ ...first, ...own, ...place });
    entries.push(last);
  }
  return entries;
}

/**
 * The text whose hash links an entry into the chain: all its fields in one order. A field
 * introduced later goes to the end, and only if it has a value, so that old hashes stay valid.
 */
export function chainText(entry: ChainedEntry): string {
  const { userId, seq, type, amount, balanceAfter, previous } = entry;
  const { counterpart, streamId, giftId, reference, occurredAt } = entry;
  return JSON.stringify([
    userId,
    seq,
    type,
    amount,
    balanceAfter,
    counterpart,
    streamId,
    giftId,
    reference,
    occurredAt,
    previous,
  ]);
}

/** A ledger entry as its owner sees it. */
export const Transaction = z
  .object({
    id: shownId,
    type: EntryType,
    direction: z.enum(["credit", "debit"]),
    amount: Amount,
    balanceAfter: Balance,
    status: z.literal("completed"),
    counterpart: UserSummary.nullable(),
    streamId: shownId.nullable(),
    giftId: shownId.nullable(),
    reference: shownText(128).nullable(),
    occurredAt: Timestamp,
  })
  .meta({ id: "Transaction" });
export type Transaction = z.infer<typeof Transaction>;

/** Whether an entry brought credits or took them. */
export const directionOf = ({ amount }: Entry) => (amount > 0 ? "credit" : "debit");

/** An id in the form of an ObjectId: the entry's time in seconds, and its number. */
const idOf = ({ occurredAt, seq }: Entry) =>
  Math.floor(Date.parse(occurredAt) / 1000)
    .toString(16)
    .padStart(8, "0") + seq.toString(16).padStart(16, "0");

/** An entry of the ledger as its owner sees it: the amount positive, with a direction. */
export function transactionOf(entry: Entry, counterpart: UserSummary | null): Transaction {
  const { type, amount, balanceAfter, streamId, giftId, reference, occurredAt } = entry;
  return {
    id: idOf(entry),
    type,
    direction: directionOf(entry),
    amount: Math.abs(amount),
    balanceAfter,
    status: "completed",
    counterpart,
    streamId,
    giftId,
    reference,
    occurredAt,
  };
}
