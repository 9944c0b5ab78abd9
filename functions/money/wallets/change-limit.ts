import * as z from "zod";
import { SpendLimit } from "../../../domain/credits.ts";
import { UserId } from "../../../domain/id.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { recordSpendLimit } from "../../../platform/store/money/wallets.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

/** Sets a user's own daily limit instead of the stage's; null restores the stage's. */
export const { contract, handler } = endpoint(
  {
    route: "PUT /api/v1/wallets/{userId}/spend-limit",
    summary: "Set a user's daily spend limit",
    tag: "Wallet",
    caller: "service",
    path: z.object({ userId: UserId }),
    body: z.object({ spendLimit: SpendLimit.nullable() }),
    answer: [200, z.object({ userId: UserId, spendLimit: SpendLimit.nullable() })],
    cost: { read: 2, write: 2, kilobytes: 1 },
    refusals: ["user_not_found"],
    grants: { read: ["USER"], write: ["WALLET"] },
  },
  async ({ path: { userId }, body: { spendLimit } }) => {
    await getProfile(userId);
    await recordSpendLimit(userId, spendLimit);
    return { userId, spendLimit };
  },
);
