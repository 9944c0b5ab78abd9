import {
  makeNotification,
  NewNotification,
  Notification,
  notificationOf,
} from "../../domain/people/notification.ts";
import { refuse } from "../../domain/refusal.ts";
import { hasRole } from "../../platform/caller.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { recordNotification } from "../../platform/store/people/notifications.ts";
import { getProfile } from "../../platform/store/people/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/notifications",
    says: "Create a notification for a user",
    tag: "Notifications",
    caller: "user",
    shape: "envelope",
    body: NewNotification,
    answer: [201, Notification],
    rate: (caller) => (hasRole(caller, "service") ? "writes" : "notifications"),
    refusals: ["notification_not_yours", "user_not_found"],
    grants: { read: ["USER", "REPLAY"], write: ["USER", "REPLAY"] },
  },
  async ({ body, caller, now, newId, once }) => {
    // Who may write to others is a matter of roles, so it comes before the other's existence.
    const isOwn = body.userId === caller.userId;
    if (!isOwn && !hasRole(caller, "service")) refuse("notification_not_yours");
    if (!isOwn) await getProfile(body.userId);
    const notification = makeNotification(body, newId(), now);
    const reply = once(notificationOf(notification));
    await recordNotification(notification, reply);
    return reply.answer;
  },
);
