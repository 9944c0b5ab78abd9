import {
  isWanted,
  type NotificationFilter,
  StoredNotification,
} from "../../../domain/people/notification.ts";
import { refuse } from "../../../domain/refusal.ts";
import { getItem, updateIf } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { type Reply, record } from "../../table/record.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";

/** How many of a user's notifications lists look at: the newest. */
export const notificationsMax = 1_000;

/** Makes a notification, in transactions that tell users about their own effect. */
export const notificationAction = (notification: StoredNotification): Action => ({
  label: "notification",
  Put: {
    Item: { ...key.notification(notification.userId, notification.id), ...notification },
    ConditionExpression: "attribute_not_exists(PK)",
  },
});

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
  const failed = await record([notificationAction(notification)], reply);
  if (failed !== undefined) throw new Error(`There is a notification ${notification.id} already`);
}

/**
 * A user's notifications that pass the filter, newest first: at most `limit`, among their newest
 * 1,000.
 */
export async function listNotifications(
  userId: string,
  filter: NotificationFilter,
  limit: number,
): Promise<StoredNotification[]> {
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const looksAt = isFiltered ? notificationsMax : limit;
  const walk = { limit: looksAt, newestFirst: true, consistent: true };
  const items = await queryItems(key.notification(userId, ""), prefix.notifications, walk);
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
  const item = await updateIf({
    Key: key.notification(userId, notificationId),
    UpdateExpression: "SET #read = :read, updatedAt = :now",
    ConditionExpression: "attribute_exists(PK)",
    ExpressionAttributeNames: { "#read": "read" },
    ExpressionAttributeValues: { ":read": isRead, ":now": now.toISOString() },
  });
  if (item === undefined) refuse("notification_not_found", { notificationId });
  return read(StoredNotification, item);
}

/** Marks all of a user's unread notifications as read; answers how many there were. */
export async function markAll(userId: string, now: Date): Promise<number> {
  const unread = await listNotifications(userId, { read: false }, notificationsMax);
  const marks = unread.map(({ id }) => ({
    label: id,
    Update: {
      Key: key.notification(userId, id),
      UpdateExpression: "SET #read = :true, updatedAt = :now",
      ConditionExpression: "attribute_exists(PK) AND #read <> :true",
      ExpressionAttributeNames: { "#read": "read" },
      ExpressionAttributeValues: { ":true": true, ":now": now.toISOString() },
    },
  }));
  const failed = await recordEach(marks);
  return unread.length - failed;
}

/** Deletes notifications of a user; those that do not exist are ignored. */
export async function deleteNotifications(userId: string, ids: readonly string[]): Promise<void> {
  await recordEach(
    [...new Set(ids)].map((id) => ({ Delete: { Key: key.notification(userId, id) } })),
  );
}

/** How many independent writes are under way at the same time. */
const togetherMax = 25;

/** Records each action by itself; answers how many conditions failed. */
async function recordEach(actions: readonly Action[]): Promise<number> {
  let failed = 0;
  for (let at = 0; at < actions.length; at += togetherMax) {
    const some = actions.slice(at, at + togetherMax);
    const outcomes = await Promise.all(some.map((action) => record([action])));
    failed += outcomes.filter((conditions) => conditions !== undefined).length;
  }
  return failed;
}
