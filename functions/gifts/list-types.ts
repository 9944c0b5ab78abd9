import * as z from "zod";
import { inPriceOrder, ListedGiftType, listedGiftTypeOf } from "../../domain/money/gift-type.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listGiftTypes } from "../../platform/store/money/gift-types.ts";

/** The gifts that can be sent now. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/gifts/gift-types",
    says: "List the active gift types, cheapest first",
    tag: "Gifts",
    caller: "user",
    shape: "envelope",
    answer: [200, z.array(ListedGiftType)],
    // The same for all who have a token, which is asked for each time.
    cacheControl: "public, no-cache",
    refusals: [],
    grants: { read: ["GIFTTYPE"] },
  },
  async ({ now }) => inPriceOrder(await listGiftTypes(now)).map(listedGiftTypeOf),
);
