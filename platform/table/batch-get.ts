import { BatchGetCommand } from "@aws-sdk/lib-dynamodb";
import type { Key } from "./keys.ts";
import { type Item, table, tableName } from "./table.ts";
import { pause } from "./transact.ts";

/** Keys of one BatchGetItem. */
const keysMax = 100;

/** One text for a key, to find its item by. */
export const nameOf = ({ PK, SK }: Key) => `${PK} ${SK}`;

/**
 * The items of any number of keys, read consistently, by `nameOf` their keys. What DynamoDB leaves over
 * is asked for again after a pause.
 */
export async function getMany(keys: readonly Key[]): Promise<Map<string, Item>> {
  const found = new Map<string, Item>();
  let left = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
  for (let attempt = 1; left.length > 0; ) {
    const Keys = left.slice(0, keysMax);
    const request = { [tableName()]: { Keys, ConsistentRead: true } };
    const { Responses, UnprocessedKeys } = await table().send(
      new BatchGetCommand({ RequestItems: request }),
    );
    for (const item of (Responses?.[tableName()] ?? []) as Item[]) found.set(nameOf(item), item);
    const again = (UnprocessedKeys?.[tableName()]?.Keys ?? []) as Key[];
    if (again.length > 0) await pause(attempt++);
    left = [...again, ...left.slice(keysMax)];
  }
  return found;
}
