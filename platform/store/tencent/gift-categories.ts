import { GetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { refuse } from "../../../domain/refusal.ts";
import { Categories, type Category, categoryOf } from "../../../domain/tencent/gift-category.ts";
import { key } from "../../table/keys.ts";
import { record } from "../../table/record.ts";
import { read, table, tableName } from "../../table/table.ts";
import { pause, triesMax } from "../../table/transact.ts";

const Stored = z.object({ categories: Categories, revision: z.number().int() });

async function findStored(): Promise<z.infer<typeof Stored>> {
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key: key.giftCategories(), ConsistentRead: true }),
  );
  return Item === undefined ? { categories: [], revision: 0 } : read(Stored, Item);
}

/** A category, read consistently; refuses with `category_not_found`. */
export async function getCategory(categoryId: string): Promise<Category> {
  return categoryOf((await findStored()).categories, categoryId);
}

/** Changes the categories; `decide` decides again when somebody else was faster. */
export async function changeCategories(
  decide: (categories: Categories) => Categories,
): Promise<void> {
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const was = await findStored();
    const categories = decide(was.categories);
    const failed = await record([
      {
        Put: {
          Item: { ...key.giftCategories(), categories, revision: was.revision + 1 },
          ConditionExpression: "attribute_not_exists(PK) OR revision = :was",
          ExpressionAttributeValues: { ":was": was.revision },
        },
      },
    ]);
    if (failed === undefined) return;
    await pause(attempt);
  }
  refuse("unavailable");
}
