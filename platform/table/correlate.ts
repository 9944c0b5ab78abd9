import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { correlationId } from "../runtime/correlation.ts";
import { type ItemKind, readKey } from "./item-kinds.ts";
import type { Key } from "./keys.ts";

/** Items whose changes viewers are shown: only these are traced to the call that wrote them. */
const shown: readonly ItemKind[] = ["message", "gift", "stream", "member"];

type Item = Record<string, unknown>;
type Update = {
  Key?: Item | undefined;
  UpdateExpression?: string | undefined;
  ExpressionAttributeNames?: Record<string, string> | undefined;
  ExpressionAttributeValues?: Item | undefined;
};
type Write = { Put?: { Item?: Item | undefined } | undefined; Update?: Update | undefined };

const isShown = (key: Item | undefined) =>
  key !== undefined && shown.includes(readKey(key as Key).kind);

/** The fields that put the id into what is written. */
function markOf(write: Write, id: string): { put?: Item; update?: Update } {
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

type BatchWrite = { PutRequest?: { Item?: Item | undefined } };
type Input = Update & {
  Item?: Item;
  TransactItems?: Write[];
  /** By table: what a batch writes, or the keys that it reads. */
  RequestItems?: Record<string, BatchWrite[] | object>;
};

/** Each write of a batch with the id, where it puts what viewers are shown. */
const markedWrites = (writes: BatchWrite[], id: string): BatchWrite[] =>
  writes.map((write) => {
    const { put } = markOf({ Put: write.PutRequest }, id);
    return put === undefined ? write : { PutRequest: { Item: put } };
  });

/**
 * A client whose writes leave the request id of the call in what viewers are shown, as
 * `correlationId`: the fan-out, which no caller waits for, says it with the frame. A command is
 * sent once with it, however often its items are written in others.
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
