import { isOnStart, Reminder } from "../../../domain/streams/reminder.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { getItem, listItems } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems, queryRange } from "../../table/query.ts";
import { record } from "../../table/record.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";
import { traceAction } from "./traces.ts";

async function findReminder(streamId: string, userId: string): Promise<Reminder | undefined> {
  return getItem(Reminder, key.reminder(streamId, userId), { consistent: true });
}

const dueKey = ({ dueAt, streamId, userId }: Reminder) => key.dueReminder(dueAt, userId, streamId);

/** Sets a user's one reminder of a stream, in place of the one before. */
export async function saveReminder(reminder: Reminder, now: Date): Promise<void> {
  const { streamId, userId } = reminder;
  await decideAgain(async () => {
    const was = await findReminder(streamId, userId);
    const failed = await record([...actionsOf(was, reminder), traceAction(userId, streamId, now)]);
    return failed === undefined ? undefined : overtaken;
  });
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
              ConditionExpression: "dueAt = :was",
              ExpressionAttributeValues: { ":was": was.dueAt },
            }),
      },
    },
    ...(isDue === undefined ? [] : [{ Put: { Item: { PK, SK: isDue, ...is } } }]),
    ...(wasDue === undefined || wasDue === isDue ? [] : [{ Delete: { Key: { PK, SK: wasDue } } }]),
  ];
}

/** Removes a user's reminder of a stream. */
export async function removeReminder(streamId: string, userId: string): Promise<void> {
  const was = await findReminder(streamId, userId);
  if (was === undefined) return;
  const due = isOnStart(was) ? [] : [{ Delete: { Key: dueKey(was) } }];
  await record([{ Delete: { Key: key.reminder(streamId, userId) } }, ...due]);
}

/** Those of these streams that the user will be reminded of. */
export async function findReminded(
  userId: string,
  streams: readonly Pick<Stream, "id">[],
): Promise<Set<string>> {
  const keys = streams.map(({ id }) => key.reminder(id, userId));
  return new Set((await listItems(Reminder, keys)).map(({ streamId }) => streamId));
}

/** Reminders of one read, and reads of one walk. */
const pageMax = 100;
const readsMax = 300;

/**
 * Reminders whose time has come, the oldest first: at most `limit`, and of one user at most
 * `ofOneMax`. The rest of a user's in that minute is passed over unread, so that nobody's reminders
 * keep out everybody else's.
 */
export async function listDueReminders(
  now: Date,
  limit: number,
  ofOneMax: number,
): Promise<Reminder[]> {
  const due: Reminder[] = [];
  const counts = new Map<string, number>();
  const last = key.dueReminder(now.toISOString(), "~", "").SK;
  let from: string = prefix.reminders;
  for (let reads = 0; reads < readsMax && due.length < limit; reads++) {
    const items = await queryRange(key.dueReminder("", "", ""), from, last, { limit: pageMax });
    let skipTo: string | undefined;
    for (const item of items) {
      const reminder = read(Reminder, item);
      const { userId, dueAt } = reminder;
      const count = counts.get(userId) ?? 0;
      skipTo = count < ofOneMax ? undefined : key.dueReminder(dueAt, userId, "~").SK;
      if (skipTo !== undefined || dueAt > now.toISOString() || due.length >= limit) continue;
      counts.set(userId, count + 1);
      due.push(reminder);
    }
    if (items.length < pageMax) break;
    // A space sorts before whatever a key has: on after the last one, or after all of its user's.
    from = skipTo ?? `${items.at(-1)!.SK} `;
  }
  return due;
}

/** Takes a reminder out of those that are due, once. */
export const toldAction = (reminder: Reminder): Action => ({
  label: "due",
  Delete: { Key: dueKey(reminder), ConditionExpression: "attribute_exists(PK)" },
});

/** Reminders for when the stream goes live, after that of the user `after`. */
export async function listWaiting(
  streamId: string,
  limit: number,
  after: string | undefined,
): Promise<Reminder[]> {
  const walk = { limit, ...(after && { after: key.reminder(streamId, after).SK }) };
  const items = await queryItems(key.reminder(streamId, ""), prefix.reminders, walk);
  return items.map((item) => read(Reminder, item));
}
