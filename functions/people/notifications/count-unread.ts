import * as z from "zod";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { countUnread } from "../../../platform/store/people/notification-marks.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/notifications/unread-count",
    summary: "Count the unread ones of my newest 1,000 notifications",
    tag: "Notifications",
    caller: "user",
    answer: [200, z.object({ count: z.number().int() })],
    cost: { read: 70, kilobytes: 1 },
    grants: { read: ["USER"] },
  },
  async ({ caller, now }) => {
    return { count: await countUnread(caller.userId, now) };
  },
);
