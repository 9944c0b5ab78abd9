import * as z from "zod";
import { GiftTypeId } from "../../../domain/id.ts";
import {
  giftTypeRevision,
  ListedGiftType,
  listedGiftTypeOf,
} from "../../../domain/money/gift-type.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { getGiftType } from "../../../platform/store/money/gift-types.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/gifts/gift-types/{id}",
    summary: "Get a gift type, active or inactive",
    tag: "Gifts",
    caller: "user",
    path: z.object({ id: GiftTypeId }),
    answer: [200, ListedGiftType],
    hasRevisions: true,
    cost: { read: 2, kilobytes: 2 },
    refusals: ["gift_type_not_found"],
    grants: { read: ["GIFTTYPE"] },
  },
  async ({ path, showRevision }) => {
    const type = await getGiftType(path.id);
    showRevision(giftTypeRevision(type));
    return listedGiftTypeOf(type);
  },
);
