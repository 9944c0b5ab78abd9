import * as z from "zod";
import { CategoryId } from "../../../domain/tencent/gift-category.ts";
import { CategoryDesc, Language, TextName } from "../../../domain/tencent/gift-text.ts";
import { getCategory } from "../../../platform/store/tencent/gift-categories.ts";
import { recordText } from "../../../platform/store/tencent/gift-texts.ts";
import { command } from "../../../platform/tencent/command.ts";

const Body = z.object({
  CategoryId,
  Language,
  CategoryName: TextName.optional(),
  CategoryDesc: CategoryDesc.optional(),
});

/** Sets a category's text in one language; omitted fields keep their value. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/set_gift_category_language",
    summary: "Set a gift category's text in one language",
    body: Body,
    refusals: ["category_not_found", "text_name_missing"],
    callsPerSecond: 1,
    grants: { read: ["CATALOGUE"], write: ["CATALOGUE"] },
  },
  async ({ body }) => {
    const { CategoryId: id } = await getCategory(body.CategoryId);
    const text = { name: body.CategoryName, desc: body.CategoryDesc };
    await recordText({ of: "category", id }, body.Language, text, "CategoryName");
  },
);
