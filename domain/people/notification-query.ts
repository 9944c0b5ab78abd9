import * as z from "zod";
import { booleanText } from "../page.ts";
import { NotificationCategory, NotificationType, type StoredNotification } from "./notification.ts";

/** What narrows a list of notifications. */
export type NotificationFilter = {
  type?: z.infer<typeof NotificationType> | undefined;
  category?: z.infer<typeof NotificationCategory> | undefined;
  read?: boolean | undefined;
};

/** Whether a notification passes the filter of a list. */
export const isWanted = (
  stored: Pick<StoredNotification, "type" | "category" | "read">,
  filter: NotificationFilter,
): boolean =>
  (filter.type === undefined || stored.type === filter.type) &&
  (filter.category === undefined || stored.category === filter.category) &&
  (filter.read === undefined || stored.read === filter.read);

/** The filters as a query has them; `isRead` is the old name of `read`. */
export const NotificationQuery = z.object({
  type: NotificationType.optional().meta({ description: "Notifications of this type" }),
  category: NotificationCategory.optional().meta({ description: "Notifications of this category" }),
  read: booleanText
    .optional()
    .meta({ description: "`true`: only read notifications; `false`: only unread ones" }),
  isRead: booleanText.optional().meta({ deprecated: true, description: "The old name of `read`" }),
});
