import * as z from "zod";
import type { Entry } from "../../../domain/money/ledger.ts";
import {
  isUnfiltered,
  isWanted,
  type Transaction,
  type TransactionQuery,
  transactionOf,
  type WalletTransactionQuery,
} from "../../../domain/money/transaction.ts";
import { cursorPage, pageOf, paginationOf } from "../../../domain/page.ts";
import { Timestamp } from "../../../domain/text.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { findProfiles, summary } from "../people/users.ts";
import { listEntries } from "./ledger.ts";
import { findWallet } from "./wallets.ts";

/** How many entries a filter looks at: the user's newest. */
const filteredMax = 1_000;

/** A page of the user's ledger, with who was on the other side. */
export async function listTransactions(userId: string, query: TransactionQuery) {
  const { list, pagination } = isUnfiltered(query)
    ? await pageByNumber(userId, query)
    : await pageByFilter(userId, query);
  return { list: await withCounterparts(list), pagination };
}

/** Entries are numbered without a gap, so any page is one Query. */
async function pageByNumber(userId: string, { page, limit, sort }: TransactionQuery) {
  const { seq, since = 0 } = await findWallet(userId);
  const total = seq - since;
  const pagination = paginationOf(page, limit, total);
  const skipped = (page - 1) * limit;
  const low = sort === "asc" ? skipped + 1 : total - skipped - limit + 1;
  const high = sort === "asc" ? skipped + limit : total - skipped;
  if (high < 1 || low > total) return { list: [], pagination };
  const list = await listEntries(userId, since + Math.max(low, 1), since + Math.min(high, total));
  return { list: sort === "desc" ? list.reverse() : list, pagination };
}

async function pageByFilter(userId: string, query: TransactionQuery) {
  const { seq, since = 0 } = await findWallet(userId);
  const entries = await listEntries(userId, Math.max(since, seq - filteredMax) + 1, seq);
  const wanted = entries.filter((entry) => isWanted(entry, query));
  return pageOf(query.sort === "asc" ? wanted : wanted.reverse(), query.page, query.limit);
}

/** A page of the user's ledger by cursors, newest first; with `reference`, what it booked. */
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

/** How far the clocks of two processes that write to one ledger may be apart. */
const clocksMilliseconds = 60_000;

/** Entries read at a time on the way back to a booking. */
const stepEntries = 200;

/** The entries of a booking from outside, newest first; none where the reference was not used. */
async function listReferenced(
  userId: string,
  reference: string,
  { low, high }: { low: number; high: number },
): Promise<Entry[]> {
  const booked = await getItem(Booked, key.reference(userId, reference), { consistent: true });
  if (booked === undefined) return [];
  const oldest = Date.parse(booked.occurredAt) - clocksMilliseconds;
  const found: Entry[] = [];
  for (let last = high; last >= low; last -= stepEntries) {
    const from = Math.max(low, last - stepEntries + 1);
    const entries = (await listEntries(userId, from, last)).reverse();
    found.push(...entries.filter((entry) => entry.reference === reference));
    if (entries.some(({ occurredAt }) => Date.parse(occurredAt) < oldest)) break;
  }
  return found;
}

async function withCounterparts(entries: readonly Entry[]): Promise<Transaction[]> {
  const profiles = await findProfiles(entries.flatMap(({ counterpart }) => counterpart ?? []));
  return entries.map((entry) => {
    const profile = entry.counterpart === null ? undefined : profiles.get(entry.counterpart);
    return transactionOf(entry, profile === undefined ? null : summary(profile));
  });
}
