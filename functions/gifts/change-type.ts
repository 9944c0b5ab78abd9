import * as z from "zod";
import { GiftTypeId } from "../../domain/id.ts";
import {
  changeGiftType,
  type GiftType,
  GiftTypeChange,
  ListedGiftType,
  listedGiftTypeOf,
} from "../../domain/money/gift-type.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { changeStoredGiftType } from "../../platform/store/money/gift-types.ts";

/** Changes gifts from now on; those that were sent stay what they are. */
export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/gifts/gift-types/{id}",
    says: "Change a gift type",
    tag: "Gifts",
    caller: "admin",
    shape: "envelope",
    path: z.object({ id: GiftTypeId }),
    body: GiftTypeChange,
    answer: [200, ListedGiftType],
    refusals: ["gift_type_not_found", "gift_type_exists"],
    grants: { read: ["GIFTTYPE"], write: ["GIFTID", "GIFTTYPE"] },
  },
  async ({ path, body, now }) => {
    const change = (type: GiftType) => changeGiftType(type, body, now);
    return listedGiftTypeOf(await changeStoredGiftType(path.id, change));
  },
);
