import * as z from "zod";
import { endpoint } from "../../platform/http/endpoint.ts";
import { markAll } from "../../platform/store/people/notifications.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/notifications/read-all",
    says: "Mark all of one's own notifications as read: among the newest 1,000",
    tag: "Notifications",
    caller: "user",
    shape: "envelope",
    answer: [200, z.object({ updated: z.number().int() })],
    refusals: [],
    grants: { read: ["USER"], write: ["USER"] },
    timeoutSeconds: 29,
  },
  async ({ caller, now }) => ({ updated: await markAll(caller.userId, now) }),
);
