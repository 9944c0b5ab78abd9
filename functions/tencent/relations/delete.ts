import * as z from "zod";
import { CategoryId, removeRelations } from "../../../domain/tencent/gift-category.ts";
import { GiftIdList, partitionGiftIds } from "../../../domain/tencent/tencent-gift.ts";
import { listGiftAliases } from "../../../platform/store/tencent/gift-aliases.ts";
import { changeCategories } from "../../../platform/store/tencent/gift-categories.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Removes gifts from a category; others are ignored. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/del_gift_category_relations",
    summary: "Remove gifts from a category",
    body: z.object({ CategoryId, GiftIdList }),
    refusals: ["category_not_found"],
    callsPerSecond: 1,
    grants: { read: ["CATALOGUE", "GIFTTYPE"], write: ["CATALOGUE"] },
  },
  async ({ body, now }) => {
    const { known } = partitionGiftIds(body.GiftIdList, await listGiftAliases(now));
    await changeCategories((categories) => removeRelations(categories, body.CategoryId, known));
  },
);
