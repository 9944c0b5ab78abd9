import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { Transaction } from "../../../domain/money/ledger.ts";
import { WalletTransactionQuery } from "../../../domain/money/transaction-query.ts";
import { PageInfo } from "../../../domain/page.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listWalletTransactions } from "../../../platform/store/money/transactions.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

/** For back ends that top wallets up: with `reference`, shows whether that booking was made. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/wallets/{userId}/transactions",
    summary: "List a user's transactions, newest first; `reference` selects one booking",
    tag: "Wallet",
    caller: "service",
    path: z.object({ userId: UserId }),
    query: WalletTransactionQuery,
    answer: [200, z.object({ list: rowsOf(Transaction), pageInfo: PageInfo })],
    cost: { read: 430, kilobytes: 340 },
    refusals: ["user_not_found"],
    grants: { read: ["USER", "WALLET", "LEDGER"] },
  },
  async ({ path: { userId }, query }) => {
    await getProfile(userId);
    return listWalletTransactions(userId, query);
  },
);
