import * as z from "zod";
import { getPackage, PackageId } from "../../../domain/money/credit-package.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { purchase } from "../../../platform/store/money/wallet-operations.ts";

/** Buys without a store, for development; other stages do not have this route. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/credit-packages/purchase",
    summary: "Buy a credit package without paying",
    tag: "Credits",
    caller: "user",
    body: z.object({ packageId: PackageId }),
    answer: [201, z.object({})],
    rate: "money",
    cost: { read: 1, write: 6, kilobytes: 1 },
    refusals: ["user_not_found", "package_not_found", "balance_too_high"],
    grants: { read: ["WALLET"], write: ["WALLET", "LEDGER"] },
    stage: "purchases",
  },
  async ({ body, caller, now, idempotentReply }) =>
    purchase(caller.userId, getPackage(body.packageId), now, idempotentReply({})),
);
