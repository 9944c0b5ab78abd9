import * as z from "zod";
import { addRelations, CategoryId } from "../../../domain/tencent/gift-category.ts";
import { GiftIdList, giftIdsMax, partitionGiftIds } from "../../../domain/tencent/tencent-gift.ts";
import { rowsOf, shownText } from "../../../domain/text.ts";
import { listGiftAliases } from "../../../platform/store/tencent/gift-aliases.ts";
import { changeCategories } from "../../../platform/store/tencent/gift-categories.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Adds gifts to a category; returns the ids that name no gift. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/add_gift_category_relations",
    summary: "Add gifts to a category",
    body: z.object({ CategoryId, GiftIdList }),
    answer: z.object({ InvalidGiftIdList: rowsOf(shownText(24), giftIdsMax).optional() }),
    refusals: ["category_not_found", "too_many_relations"],
    callsPerSecond: 1,
    grants: { read: ["CATALOGUE", "GIFTTYPE"], write: ["CATALOGUE"] },
  },
  async ({ body, now }) => {
    let unknown: string[] = [];
    await changeCategories(async (categories) => {
      // Read after the categories: a gift in them that is missing here is deleted, and not new.
      const aliases = await listGiftAliases(now);
      const parts = partitionGiftIds(body.GiftIdList, aliases);
      unknown = parts.unknown;
      return addRelations(categories, body.CategoryId, parts.known, (id) => aliases.has(id));
    });
    return unknown.length === 0 ? {} : { InvalidGiftIdList: unknown };
  },
);
