import * as z from "zod";
import { Transaction } from "../../../domain/money/ledger.ts";
import { TransactionQuery } from "../../../domain/money/transaction-query.ts";
import { PageInfo, Pagination } from "../../../domain/page.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listTransactions } from "../../../platform/store/money/transactions.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/me/transactions",
    summary:
      "List my transactions, newest first; a filter searches 2,000 per call, and `after` continues",
    tag: "Wallet",
    caller: "user",
    query: TransactionQuery,
    lists: ["types", "types[]", "statuses", "statuses[]"],
    answer: [
      200,
      z.object({ list: rowsOf(Transaction), pagination: Pagination, pageInfo: PageInfo }),
    ],
    cost: { read: 660, kilobytes: 360 },
    grants: { read: ["USER", "WALLET", "LEDGER"] },
  },
  async ({ caller, query }) => listTransactions(caller.userId, query),
);
