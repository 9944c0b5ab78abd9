import { addCategory, NewCategory } from "../../../domain/tencent/gift-category.ts";
import { changeCategories } from "../../../platform/store/tencent/gift-categories.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Adds one of up to three gift categories; an existing one is replaced. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/add_gift_category",
    summary: "Add or replace a gift category",
    body: NewCategory,
    refusals: ["too_many_categories"],
    callsPerSecond: 1,
    grants: { read: ["CATALOGUE"], write: ["CATALOGUE"] },
  },
  async ({ body }) => changeCategories((categories) => addCategory(categories, body)),
);
