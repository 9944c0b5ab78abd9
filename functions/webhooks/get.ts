import * as z from "zod";
import { WebhookId } from "../../domain/id.ts";
import { ShownWebhook } from "../../domain/webhooks/webhook.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { getWebhook } from "../../platform/store/webhooks/webhooks.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/webhooks/{id}",
    summary: "Get a webhook",
    tag: "Webhooks",
    caller: "admin",
    path: z.object({ id: WebhookId }),
    answer: [200, ShownWebhook],
    hasRevisions: true,
    cost: { read: 23, kilobytes: 5 },
    refusals: ["webhook_not_found"],
    grants: { read: ["WEBHOOK"] },
  },
  async ({ path, showRevision }) => {
    const webhook = await getWebhook(path.id);
    showRevision(webhook.revision);
    return webhook;
  },
);
