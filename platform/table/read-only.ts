import { DeleteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { key } from "./keys.ts";
import { findReadOnly, type TableHandle } from "./layout.ts";

/** Seconds after which no function writes to a table that was made read-only. */
export const readOnlySeconds = 10;

/** Makes a table read-only for every function; if it already is, its start time stays. */
export async function makeReadOnly(place: TableHandle, now: Date): Promise<string> {
  const before = await findReadOnly(place);
  if (before !== undefined) return before;
  const Item = { ...key.readOnly(), since: now.toISOString() };
  await place.client.send(new PutCommand({ TableName: place.tableName, Item }));
  return Item.since;
}

/** Makes a table writable again. */
export async function makeWritable({ client, tableName }: TableHandle): Promise<void> {
  await client.send(new DeleteCommand({ TableName: tableName, Key: key.readOnly() }));
}
