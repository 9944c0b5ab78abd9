import * as z from "zod";
import { getPackage, PackageId } from "../../domain/money/credit-package.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { purchase } from "../../platform/store/money/bookings.ts";

/** Buys without a store, for development: elsewhere there is no such route. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/credit-packages/purchase",
    says: "Buy a credit package without paying",
    tag: "Credits",
    caller: "user",
    shape: "envelope",
    body: z.object({ packageId: PackageId }),
    answer: [201, z.object({})],
    rate: "money",
    refusals: ["package_not_found", "balance_too_high"],
    grants: { read: ["WALLET", "REPLAY"], write: ["WALLET", "LEDGER", "REPLAY"] },
    stage: "purchases",
  },
  async ({ body, caller, now, once }) =>
    purchase(caller.userId, getPackage(body.packageId), now, once({})),
);
