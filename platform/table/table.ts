import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { openClient } from "../aws/aws-client.ts";
import { atInit, lazy } from "../runtime/caches.ts";
import { setting } from "../runtime/env.ts";
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

/** Kinds of items whose changes viewers see: only these get the id of the call that wrote them. */
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

/** The fields that add the id to a write; none if viewers do not see its item. */
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
 * A client whose writes store the request id of the call as `correlationId` in items that viewers
 * see; the fan-out, which runs without a caller, logs it with the frame. It modifies the input of a
 * command, so each command is sent only once.
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

let afterThis: (act: () => void) => void = process.nextTick;

/** How long `batchCallsLonger` gathers: about as long as a call to the table takes. */
const gatherMilliseconds = 5;

/**
 * Resolves at the end of this callback of the event loop, when it has requested all its reads; in a
 * process that has called `batchCallsLonger`, 5 ms later.
 */
export const endOfTurn = () => new Promise<void>((done) => afterThis(done));

/**
 * Gathers reads for 5 ms from now on. In a process that serves thousands of clients, such as a
 * relay, many reads arrive in that time, and a call takes as much CPU time as all other work for a
 * client.
 */
export function batchCallsLonger(): void {
  afterThis = (act) => setTimeout(act, gatherMilliseconds);
}

/** Gathers requests until `endOfTurn`, then makes all of them at once, after the last one. */
export function batchCalls<Asked, Answer>(
  read: (all: readonly Asked[]) => Promise<Answer>,
): (one: Asked) => Promise<Answer> {
  let wanted: Asked[] = [];
  let reading: Promise<Answer> | undefined;
  return (one) => {
    wanted.push(one);
    reading ??= endOfTurn().then(() => {
      const all = wanted;
      wanted = [];
      reading = undefined;
      return read(all);
    });
    return reading;
  };
}
