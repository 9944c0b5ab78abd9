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
    shape: "envelope",
    body: NewNotification,
    answer: [201, Notification],
    rate: (caller) => (hasRole(caller, "service") ? "writes" : "notifications"),
    // One of 32 looks for unread ones beyond those that are kept.
    cost: { read: 1, write: 80, kilobytes: 20 },
    refusals: ["notification_not_yours", "user_not_found"],
    grants: { read: ["USER"], write: ["USER"] },
  },
  async ({ body, caller, now, newId, idempotentReply }) => {
    // Who may write to others is a matter of roles, so it comes before the other's existence.
    const isOwn = body.userId === caller.userId;
    if (!isOwn && !hasRole(caller, "service")) refuse("notification_not_yours");
    if (!isOwn) await getProfile(body.userId);
    const notification = makeNotification(body, newId(), now);
    const reply = idempotentReply(notificationOf(notification));
    await recordNotification(notification, reply);
    return reply.answer;
  },
);
