import * as z from "zod";
import { CategoryId, GiftCategoryInfo } from "../../../domain/tencent/gift-category.ts";
import { getCategory } from "../../../platform/store/tencent/gift-categories.ts";
import { command } from "../../../platform/tencent/command.ts";

/** The configuration of a category. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/get_gift_category",
    summary: "Get a gift category",
    body: z.object({ CategoryId }),
    answer: z.object({ GiftCategoryInfo }),
    refusals: ["category_not_found"],
    callsPerSecond: 1,
    grants: { read: ["CATALOGUE"] },
  },
  async ({ body }) => ({ GiftCategoryInfo: await getCategory(body.CategoryId) }),
);
