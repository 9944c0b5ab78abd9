import * as z from "zod";
import { GiftTypeId } from "../../../domain/id.ts";
import {
  changeGiftType,
  GiftTypeChange,
  giftTypeRevision,
  ListedGiftType,
  listedGiftTypeOf,
} from "../../../domain/money/gift-type.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { changeStoredGiftType } from "../../../platform/store/money/gift-types.ts";

/** Changes future gifts; sent gifts stay as they were. */
export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/gifts/gift-types/{id}",
    summary: "Update a gift type",
    tag: "Gifts",
    caller: "admin",
    path: z.object({ id: GiftTypeId }),
    body: GiftTypeChange,
    answer: [200, ListedGiftType],
    hasRevisions: true,
    cost: { read: 1, write: 10, kilobytes: 2 },
    refusals: ["gift_type_not_found", "gift_type_exists"],
    grants: { read: ["GIFTTYPE"], write: ["GIFTID", "GIFTTYPE"] },
  },
  async ({ path, body, now, assertRevision, showRevision }) => {
    const changed = await changeStoredGiftType(path.id, (type) => {
      assertRevision(giftTypeRevision(type));
      return changeGiftType(type, body, now);
    });
    showRevision(giftTypeRevision(changed));
    return listedGiftTypeOf(changed);
  },
);
