import { refuse } from "../../../domain/refusal.ts";
import { isOnStart, Reminder, StoredReminder } from "../../../domain/streams/reminder.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem, listItems, parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems, queryRange } from "../../table/query.ts";
import { type Action, commitTransaction, type Reply } from "../../table/transact.ts";
import { notificationExpiry } from "../people/notifications.ts";
import { getStream, hasStatus } from "./streams.ts";
import { traceAction } from "./traces.ts";

const findReminder = (streamId: string, userId: string): Promise<StoredReminder | undefined> =>
  getItem(StoredReminder, key.reminder(streamId, userId), { consistent: true });

const dueKey = ({ dueAt, streamId, userId }: Reminder) => key.dueReminder(dueAt, userId, streamId);

/**
 * Sets a user's reminder of a stream, replacing an earlier one, with the reply. Refuses with
 * `stream_not_scheduled` if the stream went live meanwhile, since its notice may have passed.
 */
export async function saveReminder(
  reminder: Reminder,
  now: Date,
  reply?: Reply<unknown>,
): Promise<void> {
  const { streamId, userId } = reminder;
  await retryOnConflict(async () => {
    const was = await findReminder(streamId, userId);
    const saved = actionsOf(was, { ...reminder, savedAt: now.toISOString() });
    const actions = [
      hasStatus(streamId, "scheduled"),
      ...saved,
      traceAction(userId, streamId, now),
    ];
    const failed = await commitTransaction(actions, reply);
    if (failed?.has("status")) {
      const { status } = await getStream(streamId, { consistent: true });
      if (status !== "scheduled") refuse("stream_not_scheduled", { status });
    }
    return failed === undefined ? undefined : conflicted;
  });
}

function actionsOf(was: Reminder | undefined, is: StoredReminder): Action[] {
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

/** Removes a user's reminder of a stream, sent or not, unless it was saved after this time. */
export async function removeReminder(streamId: string, userId: string, at: string): Promise<void> {
  const was = await findReminder(streamId, userId);
  if (was === undefined || (was.savedAt ?? "") > at) return;
  const due = isOnStart(was) ? [] : [{ Delete: { Key: dueKey(was) } }];
  await commitTransaction([{ Delete: { Key: key.reminder(streamId, userId) } }, ...due]);
}

/** A user's unsent reminders of these streams. */
export async function findReminders(
  userId: string,
  streamIds: readonly string[],
): Promise<Reminder[]> {
  const keys = streamIds.map((id) => key.reminder(id, userId));
  const reminders = await listItems(StoredReminder, keys);
  return reminders
    .filter(({ sentAt }) => sentAt === undefined)
    .map((reminder) => Reminder.parse(reminder));
}

/** The ids of the streams among these for which the user has an unsent reminder. */
export async function findReminded(
  userId: string,
  streams: readonly Pick<Stream, "id">[],
): Promise<Set<string>> {
  const ids = streams.map(({ id }) => id);
  return new Set((await findReminders(userId, ids)).map(({ streamId }) => streamId));
}

/** Reminders of one read, and reads of one walk. */
const pageMax = 100;
const readsMax = 300;

/**
 * Due reminders, oldest first: at most `limit`, and at most `ofOneMax` of one user. Further
 * reminders of a user in that minute are skipped unread, so that one user's reminders do not delay
 * everyone else's.
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
      const reminder = parseItem(Reminder, item);
      const { userId, dueAt } = reminder;
      const count = counts.get(userId) ?? 0;
      skipTo = count < ofOneMax ? undefined : key.dueReminder(dueAt, userId, "~").SK;
      if (skipTo !== undefined || dueAt > now.toISOString() || due.length >= limit) continue;
      counts.set(userId, count + 1);
      due.push(reminder);
    }
    if (items.length < pageMax) break;
    // A space sorts before all characters of keys: continues after the last reminder, or after all
    // reminders of its user in that minute.
    from = skipTo ?? `${items.at(-1)!.SK} `;
  }
  return due;
}

/** Removes a reminder from the due ones, once. */
export const dequeueAction = (reminder: Reminder): Action => ({
  label: "due",
  Delete: { Key: dueKey(reminder), ConditionExpression: "attribute_exists(PK)" },
});

/**
 * Ends a reminder that was sent or became obsolete, once, unless it was set again meanwhile.
 */
export const sentAction = ({ streamId, userId, dueAt }: Reminder, now: Date) => ({
  label: `sent:${userId}`,
  Update: {
    Key: key.reminder(streamId, userId),
    UpdateExpression: "SET sentAt = :now, expiresAt = :end",
    ConditionExpression: "dueAt = :due AND attribute_not_exists(sentAt)",
    ExpressionAttributeValues: {
      ":now": now.toISOString(),
      ":end": notificationExpiry(now),
      ":due": dueAt,
    },
  },
});

/** A stream's reminders, sent or not, after that of the user `after`; read consistently. */
export async function listReminders(
  streamId: string,
  limit: number,
  after: string | undefined,
): Promise<StoredReminder[]> {
  const from = after && { after: key.reminder(streamId, after).SK };
  const walk = { limit, consistent: true, ...from };
  const items = await queryItems(key.reminder(streamId, ""), prefix.reminders, walk);
  return items.map((item) => parseItem(StoredReminder, item));
}
