import {
  type AttributeValue,
  type ConditionalCheckFailedException,
  DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type * as z from "zod";
import { openClient } from "../aws/aws-client.ts";
import { setting } from "../runtime/env.ts";
import { atInit, lazy } from "../runtime/init.ts";
import { correlationId } from "../runtime/log.ts";
import { retryConflicts } from "./conflicts.ts";
import { type ItemKind, type Key, readKey } from "./keys.ts";
import { onOwnTable, unlessReadOnly } from "./layout.ts";

let other: DynamoDBDocumentClient | undefined;

const own = lazy(() =>
  onOwnTable(
    correlate(
      retryConflicts(
        unlessReadOnly(
          DynamoDBDocumentClient.from(openClient(DynamoDBClient), {
            marshallOptions: { removeUndefinedValues: true },
          }),
          tableName,
        ),
      ),
    ),
    tableName,
    () => setting("STAGE"),
  ),
);

/** The table's client; it serves only the stage's own table, in forms that this version reads. */
export const table = atInit(
  (): DynamoDBDocumentClient => other ?? own(),
  ["read", "write", "dueIndex", "dueScan"],
  () => own().assertOwn(),
);

/**
 * Replaces the client: for programs outside Lambda (demo data, audit).
 */
export function useTable(client: DynamoDBDocumentClient): void {
  other = client;
}

export const tableName = () => setting("TABLE_NAME");

/** An item as stored in the table. */
export type Item = Key & Record<string, unknown>;

/** A condition on the existing item, without which a write is not done. */
export type Condition = {
  ConditionExpression: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, unknown>;
};

/** That there is no item. */
export const isAbsent: Condition = { ConditionExpression: "attribute_not_exists(PK)" };

/** A change of one item. */
export type Change = Omit<UpdateCommandInput, "TableName" | "Key"> & { Key: Key };

/** Whether a write was refused because its condition did not hold. */
export const isRefused = (error: unknown): error is ConditionalCheckFailedException =>
  (error as Error).name === "ConditionalCheckFailedException";

/**
 * Parses an item. Only we write to the table, so an item that does not fit is a fault, not a client
 * error: it becomes a 500 that names the item.
 */
export function read<S extends z.ZodType>(schema: S, item: Record<string, unknown>): z.output<S> {
  const parsed = schema.safeParse(item);
  if (parsed.success) return parsed.data;
  throw new Error(`The item ${item.PK} ${item.SK} does not fit: ${parsed.error.message}`);
}

/** The item in an error, in which the SDK leaves DynamoDB's notation. */
export function plain(item: unknown): Item | undefined {
  return item === undefined
    ? undefined
    : (unmarshall(item as Record<string, AttributeValue>) as Item);
}

/** Kinds of items whose changes viewers see: only these are traced to the call that wrote them. */
const shown: readonly ItemKind[] = ["message", "gift", "stream", "member"];

type Fields = Record<string, unknown>;
type Update = {
  Key?: Fields | undefined;
  UpdateExpression?: string | undefined;
  ExpressionAttributeNames?: Record<string, string> | undefined;
  ExpressionAttributeValues?: Fields | undefined;
};
type Write = { Put?: { Item?: Fields | undefined } | undefined; Update?: Update | undefined };

const isShown = (key: Fields | undefined) =>
  key !== undefined && shown.includes(readKey(key as Key).kind);

/** The fields that add the id to a write. */
function markOf(write: Write, id: string): { put?: Fields; update?: Update } {
  const { Put, Update } = write;
  if (isShown(Put?.Item)) return { put: { ...Put?.Item, correlationId: id } };
  if (Update === undefined || !isShown(Update.Key)) return {};
  const { UpdateExpression = "" } = Update;
  const set = "SET #correlationId = :correlationId";
  const hasSet = /(^|\s)SET\s/.test(UpdateExpression);
  return {
    update: {
      UpdateExpression: hasSet
        ? UpdateExpression.replace(/(^|\s)SET\s/, `$1${set}, `)
        : `${set} ${UpdateExpression}`,
      ExpressionAttributeNames: {
        ...Update.ExpressionAttributeNames,
        "#correlationId": "correlationId",
      },
      ExpressionAttributeValues: { ...Update.ExpressionAttributeValues, ":correlationId": id },
    },
  };
}

function marked(write: Write, id: string): Write {
  const { put, update } = markOf(write, id);
  if (put !== undefined) return { ...write, Put: { ...write.Put, Item: put } };
  return update === undefined ? write : { ...write, Update: { ...write.Update, ...update } };
}

type BatchWrite = { PutRequest?: { Item?: Fields | undefined } };
type Input = Update & {
  Item?: Fields;
  TransactItems?: Write[];
  /** By table: the writes of a batch, or the keys that it reads. */
  RequestItems?: Record<string, BatchWrite[] | object>;
};

/** The writes of a batch with the id, if they put items that viewers see. */
const markedWrites = (writes: BatchWrite[], id: string): BatchWrite[] =>
  writes.map((write) => {
    const { put } = markOf({ Put: write.PutRequest }, id);
    return put === undefined ? write : { PutRequest: { Item: put } };
  });

/**
 * A client whose writes store the request id of the call in items that viewers see, as
 * `correlationId`: the fan-out, which no caller waits for, logs it with the frame. A command is
 * sent once with it, however many items it writes.
 */
export function correlate(client: DynamoDBDocumentClient): DynamoDBDocumentClient {
  const send = (...given: Parameters<typeof client.send>) => {
    const id = correlationId();
    if (id === undefined) return client.send(...given);
    const input = given[0].input as unknown as Input;
    for (const [name, writes] of Object.entries(input.RequestItems ?? {}))
      if (Array.isArray(writes)) input.RequestItems![name] = markedWrites(writes, id);
    if (input.TransactItems !== undefined)
      input.TransactItems = input.TransactItems.map((write) => marked(write, id));
    else if (input.Item !== undefined) input.Item = markOf({ Put: input }, id).put ?? input.Item;
    else if (input.UpdateExpression !== undefined)
      Object.assign(input, markOf({ Update: input }, id).update);
    return client.send(...given);
  };
  return Object.assign(Object.create(client) as DynamoDBDocumentClient, { send });
}
