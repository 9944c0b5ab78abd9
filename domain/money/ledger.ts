import * as z from "zod";
import { UserId } from "../id.ts";
import { Timestamp } from "../text.ts";

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
  /** The user on the other side, where there is one. */
  counterpart: UserId.nullable(),
  streamId: z.string().nullable(),
  giftId: z.string().nullable(),
  reference: z.string().nullable(),
  occurredAt: Timestamp,
});
export type Entry = z.infer<typeof Entry>;

/** An entry in its place in the chain. */
export const ChainedEntry = Entry.extend({
  /** The hash of the entry before it in this wallet; empty in the first. */
  previous: z.string(),
});
export type ChainedEntry = z.infer<typeof ChainedEntry>;

/**
 * The text whose hash is an entry's link in the chain: all its fields in one order. A field that is
 * introduced later goes to the end, and only where it has a value, so that old hashes stay valid.
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
