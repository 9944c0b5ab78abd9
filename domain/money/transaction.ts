import * as z from "zod";
import { Amount, Balance } from "../credits.ts";
import { shownId } from "../id.ts";
import {
  cursorMeta,
  eitherPageOrCursor,
  eitherPageOrCursorError,
  moment,
  momentEnd,
  pageOrCursor,
  rowsLimit,
  wholeNumber,
} from "../page.ts";
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

/** Types of the Allmine API that do not exist here: a filter may name them and matches nothing. */
const foreignTypes = ["mini_crowd_funding_support", "balance_lock_hold", "balance_lock_refund"];
const statuses = ["pending", "completed", "failed", "refunded"];

/** A comma-separated list of these values. */
const someOf = (values: readonly string[]) =>
  z
    .string()
    .max(1000)
    .transform((list) => list.split(",").map((one) => one.trim()))
    .refine((list) => list.every((one) => values.includes(one)), `expected ${values.join(", ")}`)
    .optional();

const types = someOf([...EntryType.options, ...foreignTypes]);

/** Filters of the caller's transactions; both spellings of the lists are accepted. */
export const TransactionQuery = z
  .object({
    ...pageOrCursor(wholeNumber(1, 999_999_999)),
    limit: rowsLimit(100, 20),
    types: types.meta({
      description: "Only these types; separate several with commas, or repeat the parameter",
    }),
    "types[]": types.meta({ description: "Alias of `types`" }),
    statuses: someOf(statuses).meta({
      description: "Only these statuses; separate several with commas, or repeat the parameter",
    }),
    "statuses[]": someOf(statuses).meta({ description: "Alias of `statuses`" }),
    direction: z
      .enum(["credit", "debit"], { error: "expected credit or debit" })
      .optional()
      .meta({ description: "`credit` for incoming, `debit` for outgoing credits" }),
    dateFrom: moment.optional().meta({ description: "Only entries at or after this time" }),
    dateTo: momentEnd
      .optional()
      .meta({ description: "Only entries at or before this time; a date includes the whole day" }),
    sort: z
      .enum(["asc", "desc"], { error: "expected asc or desc" })
      .default("desc")
      .meta({ description: "Sort order by `occurredAt`" }),
  })
  .refine(eitherPageOrCursor, eitherPageOrCursorError);
export type TransactionQuery = z.output<typeof TransactionQuery>;

/** Filters of a user's transactions for a back end; the cursor is an entry's number. */
export const WalletTransactionQuery = z.object({
  after: wholeNumber(1, 999_999_999).optional().meta(cursorMeta),
  limit: rowsLimit(100, 20),
  reference: z.string().min(1).max(128).optional().meta({
    description: "Only the transaction booked by the top-up or payout with this reference",
  }),
});
export type WalletTransactionQuery = z.output<typeof WalletTransactionQuery>;

/** Whether there is no filter, so that entry numbers alone determine a page. */
export const isUnfiltered = (query: TransactionQuery) =>
  [
    query.types,
    query["types[]"],
    query.statuses,
    query["statuses[]"],
    query.direction,
    query.dateFrom,
    query.dateTo,
  ].every((filter) => filter === undefined);

/** Whether an entry matches the filters. Every entry is completed: failed movements have none. */
export function isWanted(entry: Entry, query: TransactionQuery): boolean {
  const { direction, dateFrom, dateTo } = query;
  const among = (lists: (readonly string[] | undefined)[], value: string) =>
    lists.every((list) => list === undefined || list.includes(value));
  return (
    among([query.types, query["types[]"]], entry.type) &&
    among([query.statuses, query["statuses[]"]], "completed") &&
    (direction === undefined || direction === directionOf(entry)) &&
    (dateFrom === undefined || entry.occurredAt >= dateFrom) &&
    (dateTo === undefined || entry.occurredAt <= dateTo)
  );
}

const directionOf = ({ amount }: Entry) => (amount > 0 ? "credit" : "debit");

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
