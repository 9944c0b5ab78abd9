import * as z from "zod";
import { CategoryId } from "../../../domain/tencent/gift-category.ts";
import { Language } from "../../../domain/tencent/gift-text.ts";
import { getCategory } from "../../../platform/store/tencent/gift-categories.ts";
import { deleteText } from "../../../platform/store/tencent/gift-texts.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Deletes a category's text in one language; a missing one is no error. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/del_gift_category_language",
    summary: "Delete a gift category's text in one language",
    body: z.object({ CategoryId, Language }),
    refusals: ["category_not_found"],
    callsPerSecond: 1,
    grants: { read: ["CATALOGUE"], write: ["CATALOGUE"] },
  },
  async ({ body }) => {
    const { CategoryId: id } = await getCategory(body.CategoryId);
    await deleteText({ of: "category", id }, body.Language);
  },
);
