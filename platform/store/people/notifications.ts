import { StoredNotification } from "../../../domain/people/notification.ts";
import { refuse } from "../../../domain/refusal.ts";
import { logFault } from "../../runtime/log.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { type Item, parseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction, type Reply } from "../../table/transact.ts";
import { findItems, findMarked, sizeOf, wholeKeys } from "./notification-lists.ts";
import {
  isOlderMark,
  keptSeconds,
  listShownUnread,
  listUnread,
  notificationsMax,
} from "./notification-marks.ts";

/** When the table's TTL removes a notification from this time, in seconds since 1970. */
export const notificationExpiry = (at: Date): number =>
  Math.floor(at.getTime() / 1000) + keptSeconds;

/**
 * The items of a notification: the whole, and a small mark whose key says whether it was read.
 * Marking writes only marks, since the whole may have 18 KB. The table's TTL removes both.
 */
function itemsOf(notification: StoredNotification) {
  const { userId, id, createdAt, type, category } = notification;
  const expiresAt = notificationExpiry(new Date(createdAt));
  const whole = { ...key.notification(userId, id), ...notification, expiresAt };
  const mark = { type, category, bytes: sizeOf(notification), expiresAt };
  return { whole, unread: { ...key.unread(userId, id), ...mark } };
}

/** The actions that create a notification, for a transaction of whose effect it informs a user. */
export function notificationActions(
  notification: StoredNotification,
  label = "notification",
): Action[] {
  const { whole, unread } = itemsOf(notification);
  const ConditionExpression = "attribute_not_exists(PK)";
  return [{ label, Put: { Item: whole, ConditionExpression } }, { Put: { Item: unread } }];
}

/** Records a new notification with the reply to the call that made it. */
export async function recordNotification(
  notification: StoredNotification,
  reply?: Reply<unknown>,
): Promise<void> {
  const failed = await commitTransaction(notificationActions(notification), reply);
  if (failed !== undefined) throw new Error(`The notification ${notification.id} already exists`);
  if (!isTrimmedWith(notification.id)) return;
  await trim(notification.userId).catch((error: unknown) =>
    // The notification was created; a later call tries again.
    logFault("Old notifications could not be removed", error),
  );
}

/** Ids of one process count up, so that one call in this many trims its user's notifications. */
const trimmedEvery = 32;
const isTrimmedWith = (id: string) => Number.parseInt(id.slice(-4), 16) % trimmedEvery === 0;

/**
 * Deletes unread notifications beyond the newest 1,000, which can no longer be listed. Read ones
 * are left to the TTL: no user reads fast enough to have too many.
 */
async function trim(userId: string): Promise<void> {
  const marks = await listUnread(userId, new Date(), notificationsMax + 2 * trimmedEvery);
  const beyond = marks.slice(notificationsMax).map(({ id }) => id);
  await deleteNotifications(userId, beyond);
}

/** Marks one of a user's notifications as read or unread; refuses with `notification_not_found`. */
export async function markNotification(
  userId: string,
  notificationId: string,
  isRead: boolean,
  now: Date,
): Promise<StoredNotification> {
  return retryOnConflict(async () => {
    const found = await findMarked(userId, notificationId);
    if (found === undefined) refuse("notification_not_found", { notificationId });
    const { item, mark } = found;
    const failed = await commitTransaction(
      mark === undefined
        ? olderActions(item, isRead, now)
        : markActions({ userId, id: notificationId, mark }, isRead, now),
    );
    if (failed !== undefined) return conflicted;
    return { ...parseItem(StoredNotification, item), read: isRead, updatedAt: now.toISOString() };
  });
}

type Marked = { userId: string; id: string; mark: Item };

/** Replaces a notification's mark, if it has not moved, by one with the new state and its time. */
function markActions({ userId, id, mark }: Marked, isRead: boolean, now: Date): Action[] {
  const { PK, SK, ...shown } = mark;
  const place = isRead ? key.readMark(userId, id) : key.unread(userId, id);
  const Item = { ...place, ...shown, updatedAt: now.toISOString() };
  const ConditionExpression = "attribute_exists(PK)";
  const label = "mark";
  if (SK === place.SK) return [{ label, Put: { Item, ConditionExpression } }];
  return [{ label, Delete: { Key: { PK, SK }, ConditionExpression } }, { Put: { Item } }];
}

/** Marks a notification from before read ones had marks: its own item has the state. */
function olderActions({ PK, SK, ...item }: Item, isRead: boolean, now: Date): Action[] {
  const { userId, id } = parseItem(StoredNotification, item);
  const Key = key.unread(userId, id);
  const unread = { ...Key, expiresAt: item.expiresAt };
  return [
    {
      label: "older",
      Update: {
        Key: { PK, SK },
        UpdateExpression: "SET #read = :read, updatedAt = :now",
        ConditionExpression: "attribute_exists(PK)",
        ExpressionAttributeNames: { "#read": "read" },
        ExpressionAttributeValues: { ":read": isRead, ":now": now.toISOString() },
      },
    },
    isRead ? { Delete: { Key } } : { Put: { Item: unread } },
  ];
}

/** Marks the unread notifications of a user's lists as read; returns how many there were. */
export async function markAll(userId: string, now: Date): Promise<number> {
  const marks = await listShownUnread(userId, now);
  const older = await findItems(
    userId,
    marks.filter(({ item }) => isOlderMark(item)).map(({ id }) => id),
  );
  return recordEach([
    ...marks
      .filter(({ item }) => !isOlderMark(item))
      .map(({ id, item }) => markActions({ userId, id, mark: item }, true, now)),
    ...older.filter(({ read }) => read !== true).map((item) => olderActions(item, true, now)),
  ]);
}

/** Deletes notifications of a user; missing ones are ignored. */
export async function deleteNotifications(userId: string, ids: readonly string[]): Promise<void> {
  const keysOf = (id: string) => [
    ...wholeKeys(userId, id),
    key.unread(userId, id),
    key.readMark(userId, id),
  ];
  await recordEach([...new Set(ids)].map((id) => keysOf(id).map((Key) => ({ Delete: { Key } }))));
}

/** The number of independent transactions in progress at once. */
const togetherMax = 25;

/** Records each group of actions separately; returns the number of groups whose conditions held. */
export async function recordEach(groups: readonly (readonly Action[])[]): Promise<number> {
  let done = 0;
  for (let at = 0; at < groups.length; at += togetherMax) {
    const some = groups.slice(at, at + togetherMax);
    const outcomes = await Promise.all(some.map((actions) => commitTransaction(actions)));
    done += outcomes.filter((failed) => failed === undefined).length;
  }
  return done;
}
