import * as z from "zod";
import { NotificationId } from "../../../domain/id.ts";
import { Notification, notificationOf } from "../../../domain/people/notification.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { markNotification } from "../../../platform/store/people/notifications.ts";

export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/notifications/{id}/read",
    summary: "Mark one of my notifications as read or unread",
    tag: "Notifications",
    caller: "user",
    path: z.object({ id: NotificationId }),
    body: z.object({ isRead: z.boolean({ error: "expected true or false" }) }),
    answer: [200, Notification],
    cost: { read: 8, write: 4, kilobytes: 20 },
    refusals: ["notification_not_found"],
    grants: { read: ["USER"], write: ["USER"] },
  },
  async ({ path, body, caller, now }) =>
    notificationOf(await markNotification(caller.userId, path.id, body.isRead, now)),
);
