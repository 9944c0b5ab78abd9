import * as z from "zod";
import { CategoryId } from "../../../domain/tencent/gift-category.ts";
import { Language } from "../../../domain/tencent/gift-text.ts";
import { shownText } from "../../../domain/text.ts";
import { getCategory } from "../../../platform/store/tencent/gift-categories.ts";
import { getText } from "../../../platform/store/tencent/gift-texts.ts";
import { command } from "../../../platform/tencent/command.ts";

const CategoryInfo = z.object({ CategoryName: shownText(20), CategoryDesc: shownText(60) });

/** A category's text in one language. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/get_gift_category_language",
    summary: "Get a gift category's text in one language",
    body: z.object({ CategoryId, Language }),
    answer: z.object({ CategoryInfo }),
    refusals: ["category_not_found", "text_not_found"],
    callsPerSecond: 1,
    grants: { read: ["CATALOGUE"] },
  },
  async ({ body }) => {
    const { CategoryId: id } = await getCategory(body.CategoryId);
    const { name, desc } = await getText({ of: "category", id }, body.Language);
    return { CategoryInfo: { CategoryName: name, CategoryDesc: desc } };
  },
);
