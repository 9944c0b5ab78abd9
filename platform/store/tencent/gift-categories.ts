import * as z from "zod";
import { Categories, type Category, categoryOf } from "../../../domain/tencent/gift-category.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";

const Stored = z.object({ categories: Categories, revision: z.number().int() });

async function findStored(): Promise<z.infer<typeof Stored>> {
  return (
    (await getItem(Stored, key.giftCategories(), { consistent: true })) ?? {
      categories: [],
      revision: 0,
    }
  );
}

/** A category, read consistently; refuses with `category_not_found`. */
export async function getCategory(categoryId: string): Promise<Category> {
  return categoryOf((await findStored()).categories, categoryId);
}

/**
 * Changes the categories, in one transaction with `also`; `decide` is called again if another call
 * was faster.
 */
export async function changeCategories(
  decide: (categories: Categories) => Categories | Promise<Categories>,
  also: readonly Action[] = [],
): Promise<void> {
  await retryOnConflict(async () => {
    const was = await findStored();
    const categories = await decide(was.categories);
    const failed = await commitTransaction([
      {
        Put: {
          Item: { ...key.giftCategories(), categories, revision: was.revision + 1 },
          ConditionExpression: "attribute_not_exists(PK) OR revision = :was",
          ExpressionAttributeValues: { ":was": was.revision },
        },
      },
      ...also,
    ]);
    return failed === undefined ? undefined : conflicted;
  });
}
