import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { type Item, table, tableName } from "../table/table.ts";

/**
 * Every item of the table, once, page by page. Items of one partition come together and in the
 * order of their sort keys, as Scan promises for one segment.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
 */
export async function* scanTable(): AsyncGenerator<Item> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table().send(
      new ScanCommand({ TableName: tableName(), ConsistentRead: true, ExclusiveStartKey }),
    );
    for (const item of page.Items ?? []) yield item as Item;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
