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

/** Notifications of one user that lists look at: their newest. */
export const notificationsMax = 1_000;

/** What makes a notification, for transactions that tell of their own effect. */
export const notificationAction = (notification: StoredNotification): Action => ({
  label: "notification",
  Put: {
    Item: { ...key.notification(notification.userId, notification.id), ...notification },
    ConditionExpression: "attribute_not_exists(PK)",
  },
});

/** A user's notification, read consistently; undefined when it was deleted. */
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
 * A user's notifications that fit the filter, newest first: at most `limit`, among their newest
 * 1,000.
 */
export async function listNotifications(
  userId: string,
  filter: NotificationFilter,
  limit: number,
): Promise<StoredNotification[]> {
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const looked = isFiltered ? notificationsMax : limit;
  const walk = { limit: looked, newestFirst: true, consistent: true };
  const items = await queryItems(key.notification(userId, ""), prefix.notifications, walk);
  const notifications = items.map((item) => read(StoredNotification, item));
  return notifications.filter((notification) => isWanted(notification, filter)).slice(0, limit);
}

/** Marks one of a user's own notifications; refuses with `notification_not_found`. */
export async function markNotification(
  userId: string,
  notificationId: string,
  isRead: boolean,
  now: Date,
): Promise<StoredNotification> {
  const marked = await updateIf({
    Key: key.notification(userId, notificationId),
    UpdateExpression: "SET #read = :read, updatedAt = :now",
    ConditionExpression: "attribute_exists(PK)",
    ExpressionAttributeNames: { "#read": "read" },
    ExpressionAttributeValues: { ":read": isRead, ":now": now.toISOString() },
  });
  if (marked === undefined) refuse("notification_not_found", { notificationId });
  return read(StoredNotification, marked);
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

/** Deletes notifications of a user; those that are not there are no matter. */
export async function deleteNotifications(userId: string, ids: readonly string[]): Promise<void> {
  await recordEach(
    [...new Set(ids)].map((id) => ({ Delete: { Key: key.notification(userId, id) } })),
  );
}

/** Writes at the same moment, of the many that do not depend on each other. */
const togetherMax = 25;

/** Does each action by itself; answers how many conditions failed. */
async function recordEach(actions: readonly Action[]): Promise<number> {
  let failed = 0;
  for (let at = 0; at < actions.length; at += togetherMax) {
    const some = actions.slice(at, at + togetherMax);
    const done = await Promise.all(some.map((action) => record([action])));
    failed += done.filter((conditions) => conditions !== undefined).length;
  }
  return failed;
}
