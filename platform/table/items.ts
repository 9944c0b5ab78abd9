import type { AttributeValue, ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  DeleteCommand,
  GetCommand,
  PutCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import { conflicted, pause, retryOnConflict, triesMax } from "./conflicts.ts";
import type { Key } from "./keys.ts";
import { batchCalls, table, tableName } from "./table.ts";

/** An item as stored. */
export type Item = Key & Record<string, unknown>;

/** The condition that the existing item must meet for a write to succeed. */
export type Condition = {
  ConditionExpression: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, unknown>;
};

/** Requires that no item exists. */
export const isAbsent: Condition = { ConditionExpression: "attribute_not_exists(PK)" };

/** A change of one item. */
export type Change = Omit<UpdateCommandInput, "TableName" | "Key"> & { Key: Key };

/** Whether a write failed because its condition was not met. */
export const isConditionFailed = (error: unknown): error is ConditionalCheckFailedException =>
  (error as Error).name === "ConditionalCheckFailedException";

/**
 * Parses an item. Only our code writes items, so one that does not match its schema is a fault: the
 * call ends with a 500, and the log names the item.
 */
export function parseItem<S extends z.ZodType>(
  schema: S,
  item: Record<string, unknown>,
): z.output<S> {
  const parsed = schema.safeParse(item);
  if (parsed.success) return parsed.data;
  throw new Error(`The item ${item.PK} ${item.SK} does not fit: ${parsed.error.message}`);
}

/** An item in DynamoDB's notation, as in a record of the table's stream or in an error. */
export function unmarshallItem(item: unknown): Item | undefined {
  return item === undefined
    ? undefined
    : (unmarshall(item as Record<string, AttributeValue>) as Item);
}

/** Options of a read: a `consistent` one costs twice as much and sees every earlier write. */
export type ReadOptions = { consistent?: boolean };

/**
 * An item as stored; undefined if there is none. Items requested in one turn of the event loop are
 * read together, and callers that request the same one share the result: do not modify it.
 */
export async function getRawItem(
  Key: Key,
  { consistent = false }: ReadOptions = {},
): Promise<Item | undefined> {
  return (await (consistent ? readConsistent : readEventual)(Key)).get(keyText(Key));
}

const readConsistent = batchCalls((keys: readonly Key[]) => readAll(keys, true));
const readEventual = batchCalls((keys: readonly Key[]) => readAll(keys, false));

async function readAll(keys: readonly Key[], consistent: boolean): Promise<Map<string, Item>> {
  const [Key, second] = keys;
  if (second !== undefined) return getItems(keys, { consistent });
  const get = new GetCommand({ TableName: tableName(), Key, ConsistentRead: consistent });
  const { Item } = await table().send(get);
  return new Map(Item && [[keyText(Item as Item), Item as Item]]);
}

/** The contents of an item; undefined if there is none. */
export async function getItem<S extends z.ZodType>(
  schema: S,
  key: Key,
  options: ReadOptions = {},
): Promise<z.output<S> | undefined> {
  const item = await getRawItem(key, options);
  return item && parseItem(schema, item);
}

/** The most keys of one BatchGetItem. */
const keysMax = 100;

/** A key as one text, for finding its item. */
export const keyText = ({ PK, SK }: Key) => `${PK} ${SK}`;

/**
 * The items with any number of keys, by `keyText` of their keys, without missing ones. Unprocessed
 * keys are requested again after a pause. Refuses with `unavailable` after `triesMax` requests in a
 * row of which DynamoDB processes no key.
 */
export async function getItems(
  keys: readonly Key[],
  { consistent = false }: ReadOptions = {},
): Promise<Map<string, Item>> {
  const found = new Map<string, Item>();
  let left = [...new Map(keys.map((key) => [keyText(key), key])).values()];
  for (let attempt = 1; left.length > 0; ) {
    const Keys = left.slice(0, keysMax);
    const request = { [tableName()]: { Keys, ConsistentRead: consistent } };
    const { Responses, UnprocessedKeys } = await table().send(
      new BatchGetCommand({ RequestItems: request }),
    );
    for (const item of (Responses?.[tableName()] ?? []) as Item[]) found.set(keyText(item), item);
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
  options: ReadOptions = {},
): Promise<z.output<S>[]> {
  const found = await getItems(keys, options);
  const names = [...new Set(keys.map(keyText))];
  return names.flatMap((name) => {
    const item = found.get(name);
    return item === undefined ? [] : [parseItem(schema, item)];
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
 * Puts items, replacing existing ones, and deletes others; missing ones are no error. Up to 25 take
 * one request, and cost as much as single writes. They are not atomic: some may be visible before
 * the others, and stay without them if this function ends in between. No key may occur twice.
 * Unprocessed writes are repeated after a pause. Refuses with `unavailable` after `triesMax`
 * requests in a row of which DynamoDB processes no write.
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
 * Use the next three functions only for writes that are safe to repeat: after a lost response, the
 * retry's condition fails on the item of the first attempt, and the caller reads the current item.
 * For all other writes use `commitTransaction` or `writeOnce`.
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
    if (isConditionFailed(error)) return undefined;
    throw error;
  });

/**
 * Changes an item with a `revision`: `decide` gets the current item and returns the new one, or
 * undefined for no change. It is called again if another call was faster. `trying` has the options
 * of `retryOnConflict`.
 */
export async function reviseItem<S extends z.ZodType<{ revision: number }>>(
  schema: S,
  place: Key,
  decide: (was: z.output<S> | undefined) => object | undefined,
  trying: Parameters<typeof retryOnConflict>[1] = {},
): Promise<void> {
  await retryOnConflict(async () => {
    const was = await getItem(schema, place, { consistent: true });
    const next = decide(was);
    if (next === undefined) return undefined;
    const isSame = {
      ConditionExpression: "#revision = :was",
      ExpressionAttributeNames: { "#revision": "revision" },
      ExpressionAttributeValues: { ":was": was?.revision },
    };
    const item = { ...place, ...next, revision: (was?.revision ?? 0) + 1 };
    return (await putIf(item, was === undefined ? isAbsent : isSame)) ? undefined : conflicted;
  }, trying);
}
