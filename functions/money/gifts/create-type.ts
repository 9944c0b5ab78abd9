import {
  ListedGiftType,
  listedGiftTypeOf,
  NewGiftType,
  newGiftType,
} from "../../../domain/money/gift-type.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { recordGiftType } from "../../../platform/store/money/gift-types.ts";

/** Creates a gift type, which both APIs share. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/gifts/gift-types",
    summary: "Create a gift type",
    tag: "Gifts",
    caller: "admin",
    body: NewGiftType,
    answer: [201, ListedGiftType],
    cost: { read: 1, write: 20, kilobytes: 2 },
    refusals: ["gift_type_exists", "too_many_gift_types"],
    grants: { read: ["GIFTTYPE"], write: ["GIFTID", "GIFTTYPE"] },
  },
  async ({ body, newId, now, idempotentReply }) => {
    const type = newGiftType(newId(), body, now);
    return recordGiftType(type, idempotentReply(listedGiftTypeOf(type)));
  },
);
