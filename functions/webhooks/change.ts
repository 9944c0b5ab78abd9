import * as z from "zod";
import { WebhookId } from "../../domain/id.ts";
import { ShownWebhook, WebhookDescription, WebhookEvents } from "../../domain/webhooks/webhook.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { DestinationUrl } from "../../platform/outbound/destination.ts";
import { changeStoredWebhook } from "../../platform/store/webhooks/webhooks.ts";

const WebhookChange = z
  .object({
    url: DestinationUrl,
    events: WebhookEvents,
    description: WebhookDescription,
    enabled: z.boolean({ error: "expected true or false" }),
  })
  .partial()
  .refine(
    (change) => Object.values(change).some((value) => value !== undefined),
    "body: expected at least one of url, events, description, enabled",
  );

export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/webhooks/{id}",
    summary: "Update a webhook. Retries that become due while it is disabled fail",
    tag: "Webhooks",
    caller: "admin",
    path: z.object({ id: WebhookId }),
    body: WebhookChange,
    answer: [200, ShownWebhook],
    hasRevisions: true,
    cost: { read: 23, write: 5, kilobytes: 5 },
    refusals: ["webhook_not_found"],
    grants: { read: ["WEBHOOK"], write: ["WEBHOOK"] },
  },
  async ({ path, body, assertRevision, showRevision }) => {
    const changed = await changeStoredWebhook(path.id, body, assertRevision);
    showRevision(changed.revision);
    return changed;
  },
);
