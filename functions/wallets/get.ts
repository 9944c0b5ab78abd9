import { Balances } from "../../domain/money/wallet.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { readBalances } from "../../platform/store/money/balances.ts";

/** One's own credits; `pending` is received but not settled yet, `owed` is still to be repaid. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/wallet",
    says: "Read one's own credits",
    tag: "Wallet",
    caller: "user",
    shape: "envelope",
    answer: [200, Balances],
    refusals: [],
    grants: { read: ["WALLET"], dueIndex: true },
  },
  async ({ caller }) => readBalances(caller.userId),
);
