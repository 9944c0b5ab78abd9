import * as z from "zod";
import { CategoryId, removeCategory } from "../../../domain/tencent/gift-category.ts";
import { changeCategories } from "../../../platform/store/tencent/gift-categories.ts";
import { textDeletions } from "../../../platform/store/tencent/gift-texts.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Deletes a category with its relations and texts; its gifts stay. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/del_gift_category",
    summary: "Delete a gift category",
    body: z.object({ CategoryId }),
    refusals: ["category_not_found"],
    callsPerSecond: 1,
    grants: { read: ["CATALOGUE"], write: ["CATALOGUE"] },
  },
  async ({ body: { CategoryId: id } }) => {
    // In one transaction: after a failure in between, a retry would find no category.
    const texts = textDeletions({ of: "category", id });
    await changeCategories((categories) => removeCategory(categories, id), texts);
  },
);
