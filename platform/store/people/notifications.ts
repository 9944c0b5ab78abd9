import { objectIdOf } from "../../../domain/id.ts";
import {
  isWanted,
  type NotificationFilter,
  StoredNotification,
} from "../../../domain/people/notification.ts";
import { refuse } from "../../../domain/refusal.ts";
import { logFault } from "../../log.ts";
import { getItem } from "../../table/items.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";
import { type Reply, record } from "../../table/record.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";

/** How many of a user's notifications are kept and listed: the newest. */
export const notificationsMax = 1_000;

/** For how long a notification is kept. */
const keptSeconds = 90 * 24 * 3600;

const seconds = (at: Date) => Math.floor(at.getTime() / 1000);

/**
 * The items of a notification: itself and, while it is unread, a small mark, which is all that is
 * read to count. The table's TTL removes both; lists do not look at what is older.
 */
function itemsOf(notification: StoredNotification) {
  const { userId, id, createdAt } = notification;
  const expiresAt = seconds(new Date(createdAt)) + keptSeconds;
  const whole = { ...key.notification(userId, id), ...notification, expiresAt };
  return { whole, mark: { ...key.unread(userId, id), expiresAt } };
}

/** Makes a notification, in transactions that tell users about their own effect. */
export function notificationActions(
  notification: StoredNotification,
  label = "notification",
): Action[] {
  const { whole, mark } = itemsOf(notification);
  const ConditionExpression = "attribute_not_exists(PK)";
  return [{ label, Put: { Item: whole, ConditionExpression } }, { Put: { Item: mark } }];
}

/** A user's notification, read consistently; undefined where there is none. */
export async function findNotification(
  userId: string,
  notificationId: string,
): Promise<StoredNotification | undefined> {
  const Key = key.notification(userId, notificationId);
  return getItem(StoredNotification, Key, { consistent: true });
}

/** Records a new notification with the reply to the call that made it. */
export async function recordNotification(
  notification: StoredNotification,
  reply?: Reply<unknown>,
): Promise<void> {
  const failed = await record(notificationActions(notification), reply);
  if (failed !== undefined) throw new Error(`There is a notification ${notification.id} already`);
  if (isTrimmedWith(notification.id)) await trim(notification.userId);
}

/** Ids of one process count up, so that one of so many finds what its user has too many of. */
const trimmedEvery = 32;
const isTrimmedWith = (id: string) => Number.parseInt(id.slice(-4), 16) % trimmedEvery === 0;

/**
 * Deletes unread notifications beyond the newest 1,000, which nobody can list any more. Of somebody
 * who reads theirs, the TTL alone removes what is beyond: they come too slowly to matter.
 */
async function trim(userId: string): Promise<void> {
  const ids = await listUnread(userId, new Date(), notificationsMax + 2 * trimmedEvery);
  const beyond = ids.slice(notificationsMax);
  try {
    await deleteNotifications(userId, beyond);
  } catch (error) {
    // The notification was made; the next one tries again.
    logFault("Old notifications could not be removed", error, { count: beyond.length });
  }
}

/** Where the sort keys of what is still kept begin and end: ids begin with their time. */
function keptRange(keyOf: (userId: string, id: string) => Key, userId: string, now: Date) {
  const oldest = objectIdOf(seconds(now) - keptSeconds, "0".repeat(10), 0);
  return { from: keyOf(userId, oldest), to: keyOf(userId, "g").SK };
}

/** Ids of a user's unread notifications, newest first, read consistently. */
async function listUnread(userId: string, now: Date, limit: number): Promise<string[]> {
  const { from, to } = keptRange(key.unread, userId, now);
  const walk = { limit, newestFirst: true, consistent: true };
  const marks = await queryRange(from, from.SK, to, walk);
  return marks.map(({ SK }) => SK.slice(prefix.unread.length));
}

/** How many of a user's newest 1,000 notifications are unread, at some 50 to a read unit. */
export const countUnread = async (userId: string, now: Date): Promise<number> =>
  (await listUnread(userId, now, notificationsMax)).length;

/**
 * A user's notifications that pass the filter, newest first: at most `limit`, among their newest
 * 1,000 of 90 days.
 */
export async function listNotifications(
  userId: string,
  filter: NotificationFilter,
  limit: number,
  now: Date = new Date(),
): Promise<StoredNotification[]> {
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const looksAt = isFiltered ? notificationsMax : limit;
  const { from, to } = keptRange(key.notification, userId, now);
  const walk = { limit: looksAt, newestFirst: true, consistent: true };
  const items = await queryRange(from, from.SK, to, walk);
  const notifications = items.map((item) => read(StoredNotification, item));
  return notifications.filter((notification) => isWanted(notification, filter)).slice(0, limit);
}

/** Marks one of a user's notifications as read or unread; refuses with `notification_not_found`. */
export async function markNotification(
  userId: string,
  notificationId: string,
  isRead: boolean,
  now: Date,
): Promise<StoredNotification> {
  const found = await findNotification(userId, notificationId);
  const failed = found && (await record(markActions(found, isRead, now)));
  if (found === undefined || failed !== undefined)
    refuse("notification_not_found", { notificationId });
  return { ...found, read: isRead, updatedAt: now.toISOString() };
}

function markActions(notification: StoredNotification, isRead: boolean, now: Date): Action[] {
  const { userId, id } = notification;
  const { mark } = itemsOf(notification);
  return [
    readAction(userId, id, isRead, now, "attribute_exists(PK)"),
    isRead ? { Delete: { Key: key.unread(userId, id) } } : { Put: { Item: mark } },
  ];
}

const readAction = (
  userId: string,
  id: string,
  isRead: boolean,
  now: Date,
  ConditionExpression: string,
): Action => ({
  label: id,
  Update: {
    Key: key.notification(userId, id),
    UpdateExpression: "SET #read = :read, updatedAt = :now",
    ConditionExpression,
    ExpressionAttributeNames: { "#read": "read" },
    ExpressionAttributeValues: { ":read": isRead, ":now": now.toISOString() },
  },
});

/** Marks all of a user's unread notifications as read; answers how many there were. */
export async function markAll(userId: string, now: Date): Promise<number> {
  const ids = await listUnread(userId, now, notificationsMax);
  const isUnread = "attribute_exists(PK) AND #read <> :read";
  return recordEach(
    ids.map((id) => [
      readAction(userId, id, true, now, isUnread),
      { Delete: { Key: key.unread(userId, id) } },
    ]),
  );
}

/** Deletes notifications of a user; those that do not exist are ignored. */
export async function deleteNotifications(userId: string, ids: readonly string[]): Promise<void> {
  await recordEach(
    [...new Set(ids)].map((id) => [
      { Delete: { Key: key.notification(userId, id) } },
      { Delete: { Key: key.unread(userId, id) } },
    ]),
  );
}

/** How many independent transactions are under way at the same time. */
const togetherMax = 25;

/** Records each group of actions by itself; answers how many were done, their conditions met. */
export async function recordEach(groups: readonly (readonly Action[])[]): Promise<number> {
  let done = 0;
  for (let at = 0; at < groups.length; at += togetherMax) {
    const some = groups.slice(at, at + togetherMax);
    const outcomes = await Promise.all(some.map((actions) => record(actions)));
    done += outcomes.filter((failed) => failed === undefined).length;
  }
  return done;
}
