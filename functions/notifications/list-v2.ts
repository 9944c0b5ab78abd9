import * as z from "zod";
import { Pagination, pageOf, pageQuery } from "../../domain/page.ts";
import {
  Notification,
  NotificationQuery,
  notificationOf,
} from "../../domain/people/notification.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listNotifications, notificationsMax } from "../../platform/store/people/notifications.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v2/notifications",
    says: "List one's own notifications in pages, newest first: among the newest 1,000",
    tag: "Notifications",
    caller: "user",
    shape: "envelope",
    query: NotificationQuery.extend(pageQuery(20).shape),
    answer: [200, z.object({ list: z.array(Notification), pagination: Pagination })],
    refusals: [],
    grants: { read: ["USER"] },
  },
  async ({ query: { isRead, page, limit, ...filter }, caller, now }) => {
    const read = filter.read ?? isRead;
    const filters = { ...filter, read };
    const all = await listNotifications(caller.userId, filters, notificationsMax, now);
    const { list, pagination } = pageOf(all, page, limit);
    return { list: list.map(notificationOf), pagination };
  },
);
