import {
  BatchGetCommand,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  DeleteCommand,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import type * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import { pause, triesMax } from "./conflicts.ts";
import type { Key } from "./keys.ts";
import {
  type Change,
  type Condition,
  type Item,
  isRefused,
  read,
  table,
  tableName,
} from "./table.ts";

/** Options of a read: `consistent` costs twice and sees every earlier write. */
export type Reading = { consistent?: boolean };

/** An item as stored in the table; undefined if there is none. */
export async function getRawItem(
  Key: Key,
  { consistent = false }: Reading = {},
): Promise<Item | undefined> {
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key, ConsistentRead: consistent }),
  );
  return Item as Item | undefined;
}

/** The contents of an item; undefined if there is none. */
export async function getItem<S extends z.ZodType>(
  schema: S,
  key: Key,
  reading: Reading = {},
): Promise<z.output<S> | undefined> {
  const item = await getRawItem(key, reading);
  return item && read(schema, item);
}

/** The most keys of one BatchGetItem. */
const keysMax = 100;

/** A key as one text, for finding its item. */
export const nameOf = ({ PK, SK }: Key) => `${PK} ${SK}`;

/**
 * The items with any number of keys, by `nameOf` their keys, without missing ones. Unprocessed keys
 * are requested again after a pause. Refuses with `unavailable` if DynamoDB returns nothing at all
 * too often.
 */
export async function getItems(
  keys: readonly Key[],
  { consistent = false }: Reading = {},
): Promise<Map<string, Item>> {
  const found = new Map<string, Item>();
  let left = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
  for (let attempt = 1; left.length > 0; ) {
    const Keys = left.slice(0, keysMax);
    const request = { [tableName()]: { Keys, ConsistentRead: consistent } };
    const { Responses, UnprocessedKeys } = await table().send(
      new BatchGetCommand({ RequestItems: request }),
    );
    for (const item of (Responses?.[tableName()] ?? []) as Item[]) found.set(nameOf(item), item);
    const again = (UnprocessedKeys?.[tableName()]?.Keys ?? []) as Key[];
    left = [...again, ...left.slice(keysMax)];
    if (again.length === 0) continue;
    attempt = again.length < Keys.length ? 1 : attempt + 1;
    if (attempt > triesMax) refuse("unavailable");
    await pause(attempt);
  }
  return found;
}

/** The contents of items with any number of keys, in the order of the keys, each key once. */
export async function listItems<S extends z.ZodType>(
  schema: S,
  keys: readonly Key[],
  reading: Reading = {},
): Promise<z.output<S>[]> {
  const found = await getItems(keys, reading);
  const names = [...new Set(keys.map(nameOf))];
  return names.flatMap((name) => {
    const item = found.get(name);
    return item === undefined ? [] : [read(schema, item)];
  });
}

/** Puts an item, replacing an existing one. */
export async function putItem(Item: Item): Promise<void> {
  await table().send(new PutCommand({ TableName: tableName(), Item }));
}

/** The most writes of one BatchWriteItem. */
const writesMax = 25;
type BatchWrites = NonNullable<BatchWriteCommandInput["RequestItems"]>[string];

/**
 * Puts items, replacing existing ones, and deletes others; missing ones are no error. All of them
 * take one request, and cost as much as single writes. They are not atomic: some may be visible
 * before the others, and stay without them if this function ends in between. No key may occur
 * twice. Unprocessed writes are repeated after a pause. Refuses with `unavailable` if DynamoDB
 * writes nothing at all too often.
 */
export async function writeItems(put: readonly Item[], remove: readonly Key[] = []): Promise<void> {
  let left: BatchWrites = [
    ...put.map((Item) => ({ PutRequest: { Item } })),
    ...remove.map((Key) => ({ DeleteRequest: { Key } })),
  ];
  for (let attempt = 1; left.length > 0; ) {
    const writes = left.slice(0, writesMax);
    const { UnprocessedItems } = await table().send(
      new BatchWriteCommand({ RequestItems: { [tableName()]: writes } }),
    );
    const again = UnprocessedItems?.[tableName()] ?? [];
    left = [...again, ...left.slice(writesMax)];
    if (again.length === 0) continue;
    attempt = again.length < writes.length ? 1 : attempt + 1;
    if (attempt > triesMax) refuse("unavailable");
    await pause(attempt);
  }
}

/** Updates an item, creating it if necessary; returns what `ReturnValues` requests. */
export async function updateItem(change: Change): Promise<Record<string, unknown> | undefined> {
  const update = new UpdateCommand({ TableName: tableName(), ...change });
  return (await table().send(update)).Attributes;
}

/** Deletes an item; a missing one is no error. */
export async function deleteItem(Key: Key): Promise<void> {
  await table().send(new DeleteCommand({ TableName: tableName(), Key }));
}

/*
 * The three functions below are for writes that may be repeated after a lost response: then the
 * condition fails on what the first attempt wrote, and the caller reads the item. All other writes
 * use `record` and `writeOnce`.
 */

/** Puts an item if the condition holds; returns whether it did. */
export async function putIf(Item: Item, condition: Condition): Promise<boolean> {
  const put = new PutCommand({ TableName: tableName(), Item, ...condition });
  return (await orRefused(table().send(put))) !== undefined;
}

/** Updates an item if the condition holds; returns the updated item, or undefined. */
export async function updateIf(change: Change & Condition): Promise<Item | undefined> {
  const update = new UpdateCommand({
    TableName: tableName(),
    ...change,
    ReturnValues: "ALL_NEW",
  });
  return (await orRefused(table().send(update)))?.Attributes as Item | undefined;
}

/** Deletes an item if the optional condition holds; returns the deleted item. */
export async function deleteIf(Key: Key, condition?: Condition): Promise<Item | undefined> {
  const remove = new DeleteCommand({
    TableName: tableName(),
    Key,
    ...condition,
    ReturnValues: "ALL_OLD",
  });
  return (await orRefused(table().send(remove)))?.Attributes as Item | undefined;
}

const orRefused = <A>(sent: Promise<A>): Promise<A | undefined> =>
  sent.catch((error: unknown) => {
    if (isRefused(error)) return undefined;
    throw error;
  });
