import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { Balances } from "../../../domain/money/wallet.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { readBalances } from "../../../platform/store/money/balances.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

/** For back ends that top wallets up and pay them out. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/wallets/{userId}",
    summary: "Get a user's wallet",
    tag: "Wallet",
    caller: "service",
    path: z.object({ userId: UserId }),
    answer: [200, Balances.extend({ userId: UserId })],
    cost: { read: 6, kilobytes: 1 },
    refusals: ["user_not_found"],
    grants: { read: ["USER", "WALLET"], dueIndex: true },
  },
  async ({ path: { userId } }) => {
    await getProfile(userId);
    return { userId, ...(await readBalances(userId)) };
  },
);
