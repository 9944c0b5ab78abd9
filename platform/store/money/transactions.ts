import * as z from "zod";
import { type Entry, type Transaction, transactionOf } from "../../../domain/money/ledger.ts";
import {
  isUnfiltered,
  isWanted,
  type TransactionQuery,
  type WalletTransactionQuery,
} from "../../../domain/money/transaction-query.ts";
import { cursorPage, paginationOf, rowsBefore } from "../../../domain/page.ts";
import { Timestamp } from "../../../domain/text.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { findProfiles, userSummary } from "../people/users.ts";
import { listEntries } from "./ledger.ts";
import { findWallet } from "./wallets.ts";

/** Entries that a filter reads at a time, and the most that it reads for one page. */
const blockEntries = 1_000;
const searchedMax = 2 * blockEntries;

/** A page of the user's ledger, by its number or by a cursor, with the users on the other side. */
export async function listTransactions(userId: string, query: TransactionQuery) {
  const { after, limit } = query;
  const { entries, skipped, found, rest } = isUnfiltered(query)
    ? await rangeOf(userId, query)
    : await filteredRange(userId, query);
  // Entries that were not searched may contain another row, but a page after all found rows is the
  // last.
  const isMore = rest !== undefined && found >= skipped;
  const total = isMore ? Math.max(found, skipped + limit + 1) : found;
  const isPageNext = skipped + limit < found;
  const next = isPageNext ? entries.at(-1)?.seq : rest;
  const nextCursor = next === undefined ? null : String(next);
  const page = Math.floor(skipped / limit) + 1;
  const hasPrevPage = skipped > 0 || after !== undefined;
  return {
    list: await withCounterparts(entries),
    pagination: {
      ...paginationOf(page, limit, total),
      hasNextPage: isPageNext || isMore,
      hasPrevPage,
    },
    pageInfo: { nextCursor, hasNextPage: nextCursor !== null, limit },
  };
}

type EntryRange = {
  /** Some entries in list order. */
  entries: Entry[];
  /** The number of entries before them. */
  skipped: number;
  /** The number of entries of the list, as far as it was searched. */
  found: number;
  /** The last entry that a filter has read, if there are entries behind it. */
  rest?: number | undefined;
};

/** Entries are numbered without gaps, so any page is one Query. */
async function rangeOf(userId: string, query: TransactionQuery): Promise<EntryRange> {
  const { after, limit, sort } = query;
  const { seq, since = 0 } = await findWallet(userId);
  const total = seq - since;
  const upToCursor = sort === "asc" ? Number(after) - since : seq - Number(after) + 1;
  const skipped = Math.max(0, rowsBefore(query, after === undefined ? undefined : upToCursor));
  const low = sort === "asc" ? skipped + 1 : total - skipped - limit + 1;
  const high = sort === "asc" ? skipped + limit : total - skipped;
  if (high < 1 || low > total) return { entries: [], skipped, found: total };
  const range = [since + Math.max(low, 1), since + Math.min(high, total)] as const;
  const entries = await listEntries(userId, ...range);
  return { entries: sort === "desc" ? entries.reverse() : entries, skipped, found: total };
}

/**
 * The page among the entries that match a filter. Searches block by block until the page is full,
 * from the list's beginning or from the block in which the cursor is: `skipped` and `found` count
 * from there.
 */
async function filteredRange(userId: string, query: TransactionQuery): Promise<EntryRange> {
  const { after, limit, sort } = query;
  const { seq, since = 0 } = await findWallet(userId);
  const isUp = sort === "asc";
  const cursor = after ?? (isUp ? since : seq + 1);
  const passed = Math.max(0, isUp ? cursor - since : seq + 1 - cursor);
  const isPassed = (entry: Entry) => (isUp ? entry.seq <= cursor : entry.seq >= cursor);
  const start = passed - (passed % blockEntries);
  const searchEnd = Math.min(start + searchedMax, seq - since);
  const wanted: Entry[] = [];
  let [end, skipped] = [start, 0];
  do {
    const from = end;
    end = Math.min(from + blockEntries, seq - since);
    const [low, high] = isUp ? [since + from + 1, since + end] : [seq - end + 1, seq - from];
    const block = (await listEntries(userId, low, high)).filter((entry) => isWanted(entry, query));
    wanted.push(...(isUp ? block : block.reverse()));
    skipped = rowsBefore(query, after === undefined ? undefined : wanted.filter(isPassed).length);
  } while (end < searchEnd && wanted.length <= skipped + limit);
  return {
    entries: wanted.slice(skipped, skipped + limit),
    skipped,
    found: wanted.length,
    rest: end < seq - since ? (isUp ? since + end : seq - end + 1) : undefined,
  };
}

/** A page of the user's ledger by cursor, newest first; with `reference`, only its entries. */
export async function listWalletTransactions(
  userId: string,
  { after, limit, reference }: WalletTransactionQuery,
) {
  const { seq, since = 0 } = await findWallet(userId);
  const high = Math.min(seq, (after ?? seq + 1) - 1);
  const entries =
    reference === undefined
      ? (await listEntries(userId, Math.max(since + 1, high - limit), high)).reverse()
      : await listReferenced(userId, reference, { low: since + 1, high });
  const { list, pageInfo } = cursorPage(entries, limit, (entry) => String(entry.seq));
  return { list: await withCounterparts(list), pageInfo };
}

const Booked = z.object({ occurredAt: Timestamp });

/** The largest clock skew of two processes that write to one ledger. */
const clocksMilliseconds = 60_000;

/** Entries read at a time when searching back for a booking. */
const stepEntries = 200;

/** The entries of an external booking, newest first; none if the reference was never used. */
async function listReferenced(
  userId: string,
  reference: string,
  { low, high }: { low: number; high: number },
): Promise<Entry[]> {
  const booked = await getItem(Booked, key.reference(userId, reference), { consistent: true });
  if (booked === undefined) return [];
  const bookedAt = Date.parse(booked.occurredAt);
  const found: Entry[] = [];
  const start = await findSearchStart(userId, { low, high }, bookedAt + clocksMilliseconds);
  for (let last = start; last >= low; last -= stepEntries) {
    const from = Math.max(low, last - stepEntries + 1);
    const entries = (await listEntries(userId, from, last)).reverse();
    found.push(...entries.filter((entry) => entry.reference === reference));
    if (entries.some((entry) => occurredAt(entry) < bookedAt - clocksMilliseconds)) break;
  }
  return found;
}

const occurredAt = (entry: Entry) => Date.parse(entry.occurredAt);

/**
 * The number from which to search back for entries up to a time: the newest of them, or at most
 * `stepEntries` above. A wallet may have a million later entries; the times of all are in order,
 * except for the skew of clocks.
 */
async function findSearchStart(
  userId: string,
  { low, high }: { low: number; high: number },
  until: number,
): Promise<number> {
  let [from, to] = [low, high];
  while (to - from >= stepEntries) {
    const middle = Math.floor((from + to) / 2);
    const [entry] = await listEntries(userId, middle, middle);
    if (entry !== undefined && occurredAt(entry) > until) to = middle - 1;
    else from = middle;
  }
  return to;
}

async function withCounterparts(entries: readonly Entry[]): Promise<Transaction[]> {
  const profiles = await findProfiles(entries.flatMap(({ counterpart }) => counterpart ?? []));
  return entries.map((entry) => {
    const profile = entry.counterpart === null ? undefined : profiles.get(entry.counterpart);
    return transactionOf(entry, profile === undefined ? null : userSummary(profile));
  });
}
