import { GetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { Message, numberInId, pageRange } from "../../domain/chat.ts";
import { refuse } from "../../domain/refusal.ts";
import { key } from "./keys.ts";
import { actAction } from "./moderation.ts";
import { queryRange } from "./query.ts";
import { type Reply, record } from "./record.ts";
import { writeOnce } from "./single-write.ts";
import { read, table, tableName } from "./table.ts";
import type { Action } from "./transact.ts";

/** The chat of a stream: how many numbers were given out, and whether some of them show nothing. */
const Chat = z.object({ count: z.number().int(), hasGone: z.boolean().default(false) });

/** Numbers that show nothing; DynamoDB gives a set of numbers as a Set. */
const Gone = z.object({ numbers: z.instanceof(Set) });

/** Gone numbers that a stream keeps; pages of one with more are shorter by what is beyond. */
const goneMax = 5_000;

/**
 * The number of a stream's next message: 1, 2, 3 …, each given out once. Where the answer was lost
 * and others took numbers meanwhile, one number stays empty, as after a crash.
 */
export async function takeNumber(streamId: string): Promise<number> {
  const taken = await writeOnce({
    Update: {
      Key: key.chat(streamId),
      UpdateExpression: "ADD #count :one",
      ExpressionAttributeNames: { "#count": "count" },
      ExpressionAttributeValues: { ":one": 1 },
      ReturnValues: "UPDATED_NEW",
    },
  });
  if (!taken.done) throw new Error(`No number was given out in the stream ${streamId}`);
  return read(Chat, taken.attributes ?? {}).count;
}

/**
 * Records a message with the reply to its call. Where it cannot be (its key was used before), its
 * number is noted as gone, so that pages and totals are right; only a crash can leave one unnoted.
 */
export async function recordMessage(message: Message, reply: Reply<unknown>): Promise<void> {
  const Item = { ...key.message(message.streamId, message.n), ...message };
  let isRecorded = false;
  try {
    await record([{ Put: { Item } }], reply);
    isRecorded = true;
  } finally {
    if (!isRecorded) await recordGone(message.streamId, message.n);
  }
}

/** Notes that a number shows no message. Doing so again changes nothing. */
export async function recordGone(streamId: string, n: number): Promise<void> {
  await record([
    {
      Update: {
        Key: key.gone(streamId),
        UpdateExpression: "ADD numbers :n",
        ConditionExpression: "attribute_not_exists(numbers) OR size(numbers) < :max",
        ExpressionAttributeValues: { ":n": new Set([n]), ":max": goneMax },
      },
    },
  ]);
  await record([
    {
      Update: {
        Key: key.chat(streamId),
        UpdateExpression: "SET hasGone = :true",
        ExpressionAttributeValues: { ":true": true },
      },
    },
  ]);
}

/** The message that is shown under this id in this stream, if any. */
export async function findMessage(
  streamId: string,
  messageId: string,
): Promise<Message | undefined> {
  const { Item } = await table().send(
    new GetCommand({
      TableName: tableName(),
      Key: key.message(streamId, numberInId(messageId)),
      ConsistentRead: true,
    }),
  );
  const message = Item && read(Message, Item);
  return message?.id === messageId && message.deletedAt === undefined ? message : undefined;
}

/** The message; refuses with `message_not_found`. */
export async function getMessage(streamId: string, messageId: string): Promise<Message> {
  return (await findMessage(streamId, messageId)) ?? refuse("message_not_found", { messageId });
}

/** What takes the content out of a message, once, with the act of who did it. */
export function deletionActions(
  { streamId, n, sender }: Message,
  by: string,
  now: Date,
): readonly Action[] {
  const at = now.toISOString();
  const act = { action: "chat.deleted", actorId: by, targetId: sender.userId } as const;
  return [
    {
      label: "message",
      Update: {
        Key: key.message(streamId, n),
        UpdateExpression:
          "SET deletedAt = :now, updatedAt = :now, revision = revision + :one REMOVE content",
        ConditionExpression: "attribute_exists(PK) AND attribute_not_exists(deletedAt)",
        ExpressionAttributeValues: { ":now": at, ":one": 1 },
      },
    },
    actAction(streamId, { ...act, reason: null, at }),
  ];
}

/**
 * Page `page` of `limit` messages, newest first, and how many there are. A page is one Query by the
 * range of its numbers, so its cost does not grow with the page.
 */
export async function listMessages(
  streamId: string,
  page: number,
  limit: number,
): Promise<{ messages: Message[]; total: number }> {
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key: key.chat(streamId) }),
  );
  const { count, hasGone } = Item === undefined ? { count: 0, hasGone: false } : read(Chat, Item);
  const gone = hasGone ? await listGone(streamId, count) : [];
  const total = count - gone.length;
  const range = pageRange(count, gone, page, limit);
  if (range === undefined) return { messages: [], total };
  const low = key.message(streamId, range.low);
  const high = key.message(streamId, range.high).SK;
  const most = { limit: range.high - range.low + 1, newestFirst: true };
  const items = await queryRange(low, low.SK, high, most);
  const messages = items.map((item) => read(Message, item));
  const isShown = ({ n, deletedAt }: Message) => deletedAt === undefined && !gone.includes(n);
  return { messages: messages.filter(isShown), total };
}

async function listGone(streamId: string, count: number): Promise<number[]> {
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key: key.gone(streamId) }),
  );
  if (Item === undefined) return [];
  return [...read(Gone, Item).numbers].map(Number).filter((n) => n <= count);
}
