import {
  ListedGiftType,
  listedGiftTypeOf,
  NewGiftType,
  newGiftType,
} from "../../domain/money/gift-type.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { recordGiftType } from "../../platform/store/money/gift-types.ts";

/** A new gift type, known to both APIs. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/gifts/gift-types",
    says: "Create a gift type",
    tag: "Gifts",
    caller: "admin",
    shape: "envelope",
    body: NewGiftType,
    answer: [201, ListedGiftType],
    refusals: ["gift_type_exists"],
    grants: { read: ["REPLAY"], write: ["GIFTID", "REPLAY", "GIFTTYPE"] },
  },
  async ({ body, newId, now, once }) => {
    const type = newGiftType(newId(), body, now);
    return recordGiftType(type, once(listedGiftTypeOf(type)));
  },
);
