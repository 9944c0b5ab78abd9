import * as z from "zod";
import {
  Notification,
  NotificationQuery,
  notificationOf,
} from "../../domain/people/notification.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listNotifications } from "../../platform/store/people/notifications.ts";

/** The first version of the list has no pages, so it ends at a number instead. */
const shownMax = 200;

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/notifications",
    says: "List one's own notifications, newest first: at most the newest 200",
    tag: "Notifications",
    caller: "user",
    shape: "envelope",
    query: NotificationQuery,
    answer: [200, z.array(Notification)],
    refusals: [],
    grants: { read: ["USER"] },
  },
  async ({ query: { isRead, ...filter }, caller, now }) => {
    const filters = { ...filter, read: filter.read ?? isRead };
    const newest = await listNotifications(caller.userId, filters, shownMax, now);
    return newest.map(notificationOf);
  },
);
