import { BatchGetCommand, GetCommand } from "@aws-sdk/lib-dynamodb";
import { refuse } from "../../domain/refusal.ts";
import { isOnStart, Reminder } from "../../domain/reminder.ts";
import type { Stream } from "../../domain/stream.ts";
import { key, prefix } from "./keys.ts";
import { queryItems, queryRange } from "./query.ts";
import { record } from "./record.ts";
import { read, table, tableName } from "./table.ts";
import { type Action, pause, triesMax } from "./transact.ts";

async function findReminder(streamId: string, userId: string): Promise<Reminder | undefined> {
  const { Item } = await table().send(
    new GetCommand({
      TableName: tableName(),
      Key: key.reminder(streamId, userId),
      ConsistentRead: true,
    }),
  );
  return Item && read(Reminder, Item);
}

const dueKey = ({ scheduledFor, streamId, userId }: Reminder) =>
  key.dueReminder(scheduledFor, streamId, userId);

/** Sets a user's one reminder of a stream, in the place of the one before. */
export async function saveReminder(reminder: Reminder): Promise<void> {
  const { streamId, userId } = reminder;
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const was = await findReminder(streamId, userId);
    if ((await record(actionsOf(was, reminder))) === undefined) return;
    await pause(attempt);
  }
  refuse("unavailable");
}

function actionsOf(was: Reminder | undefined, is: Reminder): Action[] {
  const wasDue = was && !isOnStart(was) ? dueKey(was).SK : undefined;
  const isDue = isOnStart(is) ? undefined : dueKey(is).SK;
  const { PK } = dueKey(is);
  return [
    {
      Put: {
        Item: { ...key.reminder(is.streamId, is.userId), ...is },
        ...(was === undefined
          ? { ConditionExpression: "attribute_not_exists(PK)" }
          : {
              ConditionExpression: "scheduledFor = :was",
              ExpressionAttributeValues: { ":was": was.scheduledFor },
            }),
      },
    },
    ...(isDue === undefined ? [] : [{ Put: { Item: { PK, SK: isDue, ...is } } }]),
    ...(wasDue === undefined || wasDue === isDue ? [] : [{ Delete: { Key: { PK, SK: wasDue } } }]),
  ];
}

/** Of these streams (at most 100), those that the user is reminded of. */
export async function findReminded(
  userId: string,
  streams: readonly Pick<Stream, "id">[],
): Promise<Set<string>> {
  const reminded = new Set<string>();
  let Keys = streams.map(({ id }) => key.reminder(id, userId));
  while (Keys.length > 0) {
    const request = { RequestItems: { [tableName()]: { Keys } } };
    const { Responses, UnprocessedKeys } = await table().send(new BatchGetCommand(request));
    for (const item of Responses?.[tableName()] ?? []) reminded.add(read(Reminder, item).streamId);
    Keys = (UnprocessedKeys?.[tableName()]?.Keys ?? []) as typeof Keys;
  }
  return reminded;
}

/** Reminders whose time has come, the oldest first. */
export async function listDueReminders(now: Date, limit: number): Promise<Reminder[]> {
  const partition = key.dueReminder("", "", "");
  const until = `${prefix.reminders}${now.toISOString()}~`;
  const items = await queryRange(partition, prefix.reminders, until, { limit });
  return items.map((item) => read(Reminder, item));
}

/** Takes a reminder that was told out of those that are due. */
export async function removeDueReminder(reminder: Reminder): Promise<void> {
  await record([{ Delete: { Key: dueKey(reminder) } }]);
}

/** Who is to be told when the stream goes live, after the user `after`. */
export async function listWaiting(
  streamId: string,
  limit: number,
  after: string | undefined,
): Promise<Reminder[]> {
  const walk = { limit, ...(after && { after: key.reminder(streamId, after).SK }) };
  const items = await queryItems(key.reminder(streamId, ""), prefix.reminders, walk);
  return items.map((item) => read(Reminder, item));
}
