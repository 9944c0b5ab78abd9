import { DeleteCommand, GetCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { prefix } from "../../table/keys.ts";
import { type Item, table, tableName } from "../../table/table.ts";
import { settleAll } from "./settle-all.ts";

/** What came of bringing parked records back. */
type Redriven = { settled: number; parked: number };

/**
 * Brings every parked record back: what its item says now is settled, and it is parked no more. One
 * that still does not fit stays where it is.
 */
export async function redrive(now: Date): Promise<Redriven> {
  const outcome = { settled: 0, parked: 0 };
  for await (const { PK, SK, of } of listParked()) {
    const { Item } = await table().send(
      new GetCommand({ TableName: tableName(), Key: of as object, ConsistentRead: true }),
    );
    const { parked, left } =
      Item === undefined ? { parked: 0, left: 0 } : await settleAll([Item], now);
    if (parked + left > 0) {
      outcome.parked++;
      continue;
    }
    await table().send(new DeleteCommand({ TableName: tableName(), Key: { PK, SK } }));
    outcome.settled++;
  }
  return outcome;
}

/** All parked records: they are few, and their partitions are those of the days. */
async function* listParked(): AsyncGenerator<Item> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table().send(
      new ScanCommand({
        TableName: tableName(),
        FilterExpression: "begins_with(PK, :parked)",
        ExpressionAttributeValues: { ":parked": prefix.parked },
        ExclusiveStartKey,
      }),
    );
    for (const item of page.Items ?? []) yield item as Item;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
