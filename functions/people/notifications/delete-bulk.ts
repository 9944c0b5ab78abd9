import * as z from "zod";
import { NotificationId } from "../../../domain/id.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { deleteNotifications } from "../../../platform/store/people/notifications.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/notifications/bulk",
    summary: "Delete several of my notifications; ids that are not mine are skipped",
    tag: "Notifications",
    caller: "user",
    body: z.object({
      ids: z
        .array(NotificationId, { error: "expected 1 to 100 ids" })
        .min(1, "expected 1 to 100 ids")
        .max(100, "expected 1 to 100 ids"),
    }),
    answer: [204, z.void()],
    cost: { write: 4200 },
    rate: "bulk",
    grants: { write: ["USER"] },
  },
  async ({ body, caller }) => deleteNotifications(caller.userId, body.ids),
);
