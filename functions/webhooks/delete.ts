import * as z from "zod";
import { WebhookId } from "../../domain/id.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { removeWebhook } from "../../platform/store/webhooks/webhooks.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/webhooks/{id}",
    summary: "Delete a webhook; it receives nothing more, retries included",
    tag: "Webhooks",
    caller: "admin",
    path: z.object({ id: WebhookId }),
    answer: [204, z.void()],
    cost: { read: 23, write: 12 },
    refusals: ["webhook_not_found"],
    grants: { read: ["WEBHOOK"], write: ["WEBHOOK", "SECRET"] },
  },
  ({ path }) => removeWebhook(path.id),
);
