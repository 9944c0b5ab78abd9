import { Balances } from "../../../domain/money/wallet.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { readBalances } from "../../../platform/store/money/balances.ts";

/**
 * The caller's credits; `pending` is received but not settled yet, `owed` is still to be repaid.
 */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/wallet",
    summary: "Get my wallet",
    tag: "Wallet",
    caller: "user",
    answer: [200, Balances],
    cost: { read: 4, kilobytes: 1 },
    grants: { read: ["WALLET"], dueIndex: true },
  },
  async ({ caller }) => readBalances(caller.userId),
);
