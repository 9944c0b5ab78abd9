import * as z from "zod";
import { inPriceOrder, ListedGiftType, listedGiftTypeOf } from "../../../domain/money/gift-type.ts";
import { booleanText } from "../../../domain/page.ts";
import { refuse } from "../../../domain/refusal.ts";
import { hasRole } from "../../../platform/auth/caller.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listGiftTypes } from "../../../platform/store/money/gift-types.ts";

/** The gifts that can be sent now; with `inactive`, admins also see the others. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/gifts/gift-types",
    summary: "List the active gift types, cheapest first",
    tag: "Gifts",
    caller: "user",
    query: z.object({
      inactive: booleanText
        .default(false)
        .meta({ description: "Include inactive types (admins only)" }),
    }),
    answer: [200, z.array(ListedGiftType)],
    // The same response for every caller with a token, which is checked each time.
    cacheControl: "public, no-cache",
    cost: { read: 2, kilobytes: 2 },
    refusals: ["role_missing"],
    grants: { read: ["GIFTTYPE"] },
  },
  async ({ query: { inactive }, caller, now }) => {
    if (inactive && !hasRole(caller, "admin")) refuse("role_missing", { role: "admin" });
    const types = inPriceOrder(await listGiftTypes(now), inactive ? "all" : "active");
    return types.map(listedGiftTypeOf);
  },
);
