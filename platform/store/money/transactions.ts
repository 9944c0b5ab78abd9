import type { Entry } from "../../../domain/money/ledger.ts";
import {
  isUnfiltered,
  isWanted,
  type Transaction,
  type TransactionQuery,
  transactionOf,
} from "../../../domain/money/transaction.ts";
import { pageOf, paginationOf } from "../../../domain/page.ts";
import { findProfiles, summary } from "../people/users.ts";
import { listEntries } from "./ledger.ts";
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
  const list = await listEntries(userId, since + Math.max(low, 1), since + Math.min(high, total));
  return { list: sort === "desc" ? list.reverse() : list, pagination };
}

async function pageByFilter(userId: string, query: TransactionQuery) {
  const { seq, since = 0 } = await findWallet(userId);
  const entries = await listEntries(userId, Math.max(since, seq - filteredMax) + 1, seq);
  const wanted = entries.filter((entry) => isWanted(entry, query));
  return pageOf(query.sort === "asc" ? wanted : wanted.reverse(), query.page, query.limit);
}

async function withCounterparts(entries: readonly Entry[]): Promise<Transaction[]> {
  const profiles = await findProfiles(entries.flatMap(({ counterpart }) => counterpart ?? []));
  return entries.map((entry) => {
    const profile = entry.counterpart === null ? undefined : profiles.get(entry.counterpart);
    return transactionOf(entry, profile === undefined ? null : summary(profile));
  });
}
