import * as z from "zod";
import { Balance } from "../../domain/credits.ts";
import { spendLimitOf } from "../../domain/money/wallet.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { sumPending } from "../../platform/store/money/due.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";

/** One's own credits; `pending` is received but not settled yet, `owed` is still to be repaid. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/wallet",
    says: "Read one's own credits",
    tag: "Wallet",
    caller: "user",
    shape: "envelope",
    answer: [
      200,
      z.object({ balance: Balance, pending: Balance, owed: Balance, spendLimit: Balance }),
    ],
    refusals: [],
    grants: { read: ["WALLET"], dueIndex: true },
  },
  async ({ caller }) => {
    // One after the other: what is settled in between is then in the balance rather than in
    // neither.
    const pending = await sumPending(caller.userId);
    const wallet = await findWallet(caller.userId);
    const { balance, owed } = wallet;
    const spendLimit = spendLimitOf(wallet, { spendLimit: setting("SPEND_LIMIT") });
    return { balance, pending, owed, spendLimit };
  },
);
