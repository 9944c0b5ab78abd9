import * as z from "zod";
import { endpoint } from "../../platform/http/endpoint.ts";
import { countUnread } from "../../platform/store/people/notifications.ts";

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
  },
  async ({ caller, now }) => {
    return { count: await countUnread(caller.userId, now) };
  },
);
