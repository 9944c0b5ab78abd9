import {
  makeNotification,
  NewNotification,
  Notification,
  notificationOf,
} from "../../../domain/people/notification.ts";
import { refuse } from "../../../domain/refusal.ts";
import { hasRole } from "../../../platform/auth/caller.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { recordNotification } from "../../../platform/store/people/notifications.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/notifications",
    summary: "Create a notification for a user",
    tag: "Notifications",
    caller: "user",
    body: NewNotification,
    answer: [201, Notification],
    rate: (caller) => (hasRole(caller, "service") ? "writes" : "notifications"),
    // One of 32 calls deletes unread notifications above the limit.
    cost: { read: 1, write: 80, kilobytes: 20 },
    refusals: ["notification_not_yours", "user_not_found"],
    grants: { read: ["USER"], write: ["USER"] },
  },
  async ({ body, caller, now, newId, idempotentReply }) => {
    // Whether the caller may write to others depends on roles, which are checked before existence.
    const isOwn = body.userId === caller.userId;
    if (!isOwn && !hasRole(caller, "service")) refuse("notification_not_yours");
    if (!isOwn) await getProfile(body.userId);
    const notification = makeNotification(body, newId(), now);
    const reply = idempotentReply(notificationOf(notification));
    await recordNotification(notification, reply);
    return reply.answer;
  },
);
