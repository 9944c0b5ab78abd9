import * as z from "zod";
import {
  cursorMeta,
  dateTime,
  dateTimeEnd,
  eitherPageOrCursor,
  eitherPageOrCursorError,
  pageOrCursor,
  rowsLimit,
  wholeNumber,
} from "../page.ts";
import { text } from "../text.ts";
import { directionOf, type Entry, EntryType } from "./ledger.ts";

/** Types of the Allmine API that do not occur here: a filter may name them and finds nothing. */
const foreignTypes = ["mini_crowd_funding_support", "balance_lock_hold", "balance_lock_refund"];
const statuses = ["pending", "completed", "failed", "refunded"];

/** Some of the values, separated by commas. */
const someOf = (values: readonly string[]) =>
  z
    .string()
    .max(1000)
    .transform((list) => list.split(",").map((one) => one.trim()))
    .refine((list) => list.every((one) => values.includes(one)), `expected ${values.join(", ")}`)
    .optional();

const types = someOf([...EntryType.options, ...foreignTypes]);

/** Which of the caller's transactions to list; both spellings of the lists are accepted. */
export const TransactionQuery = z
  .object({
    ...pageOrCursor(wholeNumber(1, 999_999_999)),
    limit: rowsLimit(100, 20),
    types: types.meta({
      description: "Only these types, separated by commas or as repeated parameters",
    }),
    "types[]": types.meta({ description: "The same as `types`" }),
    statuses: someOf(statuses).meta({
      description: "Only these statuses, separated by commas or as repeated parameters",
    }),
    "statuses[]": someOf(statuses).meta({ description: "The same as `statuses`" }),
    direction: z.enum(["credit", "debit"], { error: "expected credit or debit" }).optional().meta({
      description:
        "`credit`: only amounts added to the wallet; `debit`: only amounts removed from it",
    }),
    dateFrom: dateTime.optional().meta({ description: "Only transactions from this time on" }),
    dateTo: dateTimeEnd
      .optional()
      .meta({ description: "Only transactions up to this time; a date includes the whole day" }),
    sort: z
      .enum(["asc", "desc"], { error: "expected asc or desc" })
      .default("desc")
      .meta({ description: "By `occurredAt`" }),
  })
  .refine(eitherPageOrCursor, eitherPageOrCursorError);
export type TransactionQuery = z.output<typeof TransactionQuery>;

/** Which of a user's transactions a back end lists; the cursor is an entry's number. */
export const WalletTransactionQuery = z.object({
  after: wholeNumber(1, 999_999_999).optional().meta(cursorMeta),
  limit: rowsLimit(100, 20),
  reference: text(1, 128)
    .optional()
    .meta({ description: "Only the entries of the top-up or payout with this reference" }),
});
export type WalletTransactionQuery = z.output<typeof WalletTransactionQuery>;

/** Whether there is no filter, so that a page is found by the numbers of its entries alone. */
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

/**
 * Whether an entry passes the filters. Every entry counts as completed, since an action that failed
 * has none.
 */
export function isWanted(entry: Entry, query: TransactionQuery): boolean {
  const { direction, dateFrom, dateTo } = query;
  const among = (lists: (readonly string[] | undefined)[], value: string) => {
    const given = lists.filter((list) => list !== undefined);
    return given.length === 0 || given.flat().includes(value);
  };
  return (
    among([query.types, query["types[]"]], entry.type) &&
    among([query.statuses, query["statuses[]"]], "completed") &&
    (direction === undefined || direction === directionOf(entry)) &&
    (dateFrom === undefined || entry.occurredAt >= dateFrom) &&
    (dateTo === undefined || entry.occurredAt <= dateTo)
  );
}
