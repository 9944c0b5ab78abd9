import * as z from "zod";
import { Amount, Balance } from "../credits.ts";
import { shownId } from "../id.ts";
import { UserSummary } from "../people/user.ts";
import { shownText, Timestamp } from "../text.ts";
import { type Entry, EntryType } from "./ledger.ts";

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
