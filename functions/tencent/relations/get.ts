import * as z from "zod";
import { CategoryId, relationsMax } from "../../../domain/tencent/gift-category.ts";
import { rowsOf, shownText } from "../../../domain/text.ts";
import { listGiftAliases } from "../../../platform/store/tencent/gift-aliases.ts";
import { getCategory } from "../../../platform/store/tencent/gift-categories.ts";
import { command } from "../../../platform/tencent/command.ts";

const Relation = z.object({
  CategoryId: shownText(20),
  GiftIdList: rowsOf(shownText(24), relationsMax),
});

/** The gifts of a category that still exist, in the order in which they were added. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/get_gift_category_relations",
    summary: "List the gifts of a category",
    body: z.object({ CategoryId }),
    answer: z.object({ Relation }),
    refusals: ["category_not_found"],
    callsPerSecond: 1,
    grants: { read: ["CATALOGUE", "GIFTTYPE"] },
  },
  async ({ body, now }) => {
    const category = await getCategory(body.CategoryId);
    const aliases = await listGiftAliases(now);
    const GiftIdList = category.giftTypeIds.flatMap((id) => aliases.get(id) ?? []);
    return { Relation: { CategoryId: category.CategoryId, GiftIdList } };
  },
);
