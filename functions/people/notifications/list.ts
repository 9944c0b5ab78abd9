import { Notification, notificationOf } from "../../../domain/people/notification.ts";
import { NotificationQuery } from "../../../domain/people/notification-query.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listNotifications } from "../../../platform/store/people/notification-lists.ts";

/** The first version of the list has no pages, so its length is limited. */
const shownMax = 200;

/** The largest response in bytes of notifications: about 14 of the largest ones. */
const bytesMax = 256 * 1024;

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/notifications",
    summary: "List my notifications, newest first: at most 200 and 256 KB",
    tag: "Notifications",
    caller: "user",
    query: NotificationQuery,
    answer: [200, rowsOf(Notification, shownMax)],
    cost: { read: 80, kilobytes: 270 },
    grants: { read: ["USER"] },
  },
  async ({ query: { isRead, ...filter }, caller, now }) => {
    const filters = { ...filter, read: filter.read ?? isRead };
    const newest = await listNotifications(caller.userId, filters, shownMax, now, bytesMax);
    return newest.map(notificationOf);
  },
);
