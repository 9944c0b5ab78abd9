import * as z from "zod";
import { NotificationId, UserId } from "../id.ts";
import { isTextWithoutControls, nameText, shownText, Timestamp, text, utf8Bytes } from "../text.ts";

export const NotificationType = z.enum(["system"], { error: "expected system" });

export const NotificationCategory = z.enum(
  ["live_stream", "payments", "follows", "messages", "following_activity", "announcement"],
  {
    error: "expected live_stream, payments, follows, messages, following_activity or announcement",
  },
);

/**
 * Limits of a notification's metadata: bytes of its JSON, and nesting, counting itself as level 1.
 */
const metadataBytesMax = 8 * 1024;
const metadataDepthMax = 8;

/** Any JSON object within the limits, with numbers that JSON can represent. */
const Metadata = z
  .custom<Record<string, unknown>>(
    (value) => value !== null && typeof value === "object" && !Array.isArray(value),
    "expected an object",
  )
  .refine((value) => isWithin(value, metadataDepthMax), {
    error: `expected at most ${metadataDepthMax} levels of finite numbers and plain text`,
    abort: true,
  })
  .refine(
    (value) => utf8Bytes(JSON.stringify(value)) <= metadataBytesMax,
    `expected at most ${metadataBytesMax} bytes`,
  )
  .meta({ type: "object", additionalProperties: true, example: {} });

/** Looks no deeper than allowed, so that deep nesting cannot exhaust the stack. */
function isWithin(value: unknown, levels: number): boolean {
  if (typeof value === "string") return isTextWithoutControls(value);
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value !== "object") return true;
  if (levels === 0) return false;
  return Object.entries(value).every(
    ([name, part]) => isTextWithoutControls(name) && isWithin(part, levels - 1),
  );
}

/** A notification that a caller creates. */
export const NewNotification = z.object({
  userId: UserId,
  type: NotificationType,
  category: NotificationCategory,
  title: nameText(1, 200).meta({ example: "Sample title" }),
  message: text(1, 2000).meta({ example: "Sample description" }),
  metadata: Metadata.default({}),
});
export type NewNotification = z.infer<typeof NewNotification>;

/** A notification as HTTP and the sockets show it. */
export const Notification = z
  .object({
    id: NotificationId,
    userId: UserId,
    type: NotificationType,
    category: NotificationCategory,
    title: shownText(200),
    message: shownText(2000),
    metadata: Metadata,
    read: z.boolean(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "Notification" });
export type Notification = z.infer<typeof Notification>;

/**
 * A notification as stored. The metadata is kept as JSON text, because the table's numbers and
 * names differ from JSON's.
 */
export const StoredNotification = Notification.extend({
  metadata: z.string(),
  revision: z.number().int(),
});
export type StoredNotification = z.infer<typeof StoredNotification>;

/** The notification as the API shows it, with keys in the reference's order. */
export function notificationOf(stored: StoredNotification): Notification {
  const { id, userId, type, category, title, message, read, createdAt, updatedAt } = stored;
  const metadata = JSON.parse(stored.metadata);
  return { id, userId, type, category, title, message, metadata, read, createdAt, updatedAt };
}

/** A new notification, unread. */
export function makeNotification(
  { userId, type, category, title, message, metadata }: NewNotification,
  id: string,
  now: Date,
): StoredNotification {
  const at = now.toISOString();
  return {
    id,
    userId,
    type,
    category,
    title,
    message,
    metadata: JSON.stringify(metadata),
    read: false,
    createdAt: at,
    updatedAt: at,
    revision: 1,
  };
}
