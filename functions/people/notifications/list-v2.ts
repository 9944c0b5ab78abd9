import * as z from "zod";
import { Pagination, pageOf, pageQuery } from "../../../domain/page.ts";
import { Notification, notificationOf } from "../../../domain/people/notification.ts";
import { NotificationQuery } from "../../../domain/people/notification-query.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { findListed, readListed } from "../../../platform/store/people/notification-lists.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v2/notifications",
    summary: "List my newest 1,000 notifications in pages, newest first",
    tag: "Notifications",
    caller: "user",
    query: NotificationQuery.extend(pageQuery(20).shape),
    answer: [200, z.object({ list: rowsOf(Notification), pagination: Pagination })],
    cost: { read: 310, kilobytes: 1800 },
    grants: { read: ["USER"] },
  },
  async ({ query: { isRead, page, limit, ...filter }, caller, now }) => {
    const read = filter.read ?? isRead;
    const filters = { ...filter, read };
    const all = await findListed(caller.userId, filters, now);
    const { list, pagination } = pageOf(all, page, limit);
    return { list: (await readListed(caller.userId, list)).map(notificationOf), pagination };
  },
);
