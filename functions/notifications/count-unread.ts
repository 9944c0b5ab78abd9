import * as z from "zod";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listNotifications, notificationsMax } from "../../platform/store/people/notifications.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/notifications/unread-count",
    says: "Count one's own unread notifications: among the newest 1,000",
    tag: "Notifications",
    caller: "user",
    shape: "envelope",
    answer: [200, z.object({ count: z.number().int() })],
    refusals: [],
    grants: { read: ["USER"] },
    memoryMegabytes: 512,
  },
  async ({ caller }) => {
    const unread = await listNotifications(caller.userId, { read: false }, notificationsMax);
    return { count: unread.length };
  },
);
