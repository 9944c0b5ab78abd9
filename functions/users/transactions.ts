import * as z from "zod";
import { Transaction, TransactionQuery } from "../../domain/money/transaction.ts";
import { Pagination } from "../../domain/page.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listTransactions } from "../../platform/store/money/transactions.ts";

/** One's own ledger. Filters look at the newest 10,000 entries. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/me/transactions",
    says: "List one's own transactions, newest first",
    tag: "Wallet",
    caller: "user",
    shape: "envelope",
    query: TransactionQuery,
    lists: ["types", "types[]", "statuses", "statuses[]"],
    answer: [200, z.object({ list: z.array(Transaction), pagination: Pagination })],
    refusals: [],
    grants: { read: ["USER", "WALLET", "LEDGER"] },
  },
  async ({ caller, query }) => listTransactions(caller.userId, query),
);
