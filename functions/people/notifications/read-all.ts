import * as z from "zod";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { markAll } from "../../../platform/store/people/notifications.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/notifications/read-all",
    summary: "Mark my newest 1,000 notifications as read",
    tag: "Notifications",
    caller: "user",
    answer: [200, z.object({ updated: z.number().int() })],
    cost: { read: 75, write: 4300, kilobytes: 1 },
    rate: "bulk",
    grants: { read: ["USER"], write: ["USER"] },
    timeoutSeconds: 29,
  },
  async ({ caller, now, commitReply, assertNew }) => {
    await assertNew();
    return commitReply({ updated: await markAll(caller.userId, now) });
  },
);
