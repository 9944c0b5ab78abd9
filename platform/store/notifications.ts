import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import {
  isWanted,
  type NotificationFilter,
  StoredNotification,
} from "../../domain/notification.ts";
import { refuse } from "../../domain/refusal.ts";
import { key, prefix } from "./keys.ts";
import { queryItems } from "./query.ts";
import { type Reply, record } from "./record.ts";
import { read, table, tableName } from "./table.ts";
import type { Action } from "./transact.ts";

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

/** Records a new notification with the reply to the call that made it. */
export async function recordNotification(
  notification: StoredNotification,
  reply?: Reply<unknown>,
): Promise<void> {
  const failed = await record([notificationAction(notification)], reply);
  if (failed !== undefined) throw new Error(`There is a notification ${notification.id} already`);
}

/** A user's notifications that fit the filter, newest first, among their newest 1,000. */
export async function listNotifications(
  userId: string,
  filter: NotificationFilter,
): Promise<StoredNotification[]> {
  const walk = { limit: notificationsMax, newestFirst: true, consistent: true };
  const items = await queryItems(key.notification(userId, ""), prefix.notifications, walk);
  const notifications = items.map((item) => read(StoredNotification, item));
  return notifications.filter((notification) => isWanted(notification, filter));
}

/** Marks one of a user's own notifications; refuses with `notification_not_found`. */
export async function markNotification(
  userId: string,
  notificationId: string,
  isRead: boolean,
  now: Date,
): Promise<StoredNotification> {
  const { Attributes } = await table()
    .send(
      new UpdateCommand({
        TableName: tableName(),
        Key: key.notification(userId, notificationId),
        UpdateExpression: "SET #read = :read, updatedAt = :now",
        ConditionExpression: "attribute_exists(PK)",
        ExpressionAttributeNames: { "#read": "read" },
        ExpressionAttributeValues: { ":read": isRead, ":now": now.toISOString() },
        ReturnValues: "ALL_NEW",
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return refuse("notification_not_found", { notificationId });
    });
  return read(StoredNotification, Attributes ?? {});
}
