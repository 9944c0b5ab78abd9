import { ChainedEntry, type Entry } from "../../../domain/money/ledger.ts";
import {
  isUnfiltered,
  isWanted,
  type Transaction,
  type TransactionQuery,
  transactionOf,
} from "../../../domain/money/transaction.ts";
import { pageOf, paginationOf } from "../../../domain/page.ts";
import { key } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";
import { read } from "../../table/table.ts";
import { findProfiles, summary } from "../people/users.ts";
import { findWallet } from "./wallets.ts";

/** How many entries a filter looks at: the user's newest. */
const filteredMax = 10_000;

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
  const items = await queryRange(
    key.entry(userId, 1),
    key.entry(userId, since + Math.max(low, 1)).SK,
    key.entry(userId, since + Math.min(high, total)).SK,
    { limit, newestFirst: sort === "desc", consistent: true },
  );
  return { list: items.map((item) => read(ChainedEntry, item)), pagination };
}

async function pageByFilter(userId: string, query: TransactionQuery) {
  const walk = { limit: filteredMax, newestFirst: true, consistent: true };
  const { seq, since = 0 } = await findWallet(userId);
  const first = key.entry(userId, since + 1);
  const items =
    seq === since ? [] : await queryRange(first, first.SK, key.entry(userId, seq).SK, walk);
  const wanted = items
    .map((item) => read(ChainedEntry, item))
    .filter((entry) => isWanted(entry, query));
  return pageOf(query.sort === "asc" ? wanted.reverse() : wanted, query.page, query.limit);
}

async function withCounterparts(entries: readonly Entry[]): Promise<Transaction[]> {
  const profiles = await findProfiles(entries.flatMap(({ counterpart }) => counterpart ?? []));
  return entries.map((entry) => {
    const profile = entry.counterpart === null ? undefined : profiles.get(entry.counterpart);
    return transactionOf(entry, profile === undefined ? null : summary(profile));
  });
}
