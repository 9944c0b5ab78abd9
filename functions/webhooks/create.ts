import * as z from "zod";
import {
  MadeWebhook,
  makeWebhook,
  WebhookDescription,
  WebhookEvents,
} from "../../domain/webhooks/webhook.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { DestinationUrl } from "../../platform/outbound/destination.ts";
import { recordWebhook } from "../../platform/store/webhooks/webhooks.ts";
import { newSecret } from "../../platform/webhooks/signature.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/webhooks",
    says: "Create a webhook, which is sent every event of its types from now on",
    tag: "Webhooks",
    caller: "admin",
    shape: "envelope",
    body: z.object({
      url: DestinationUrl,
      events: WebhookEvents,
      description: WebhookDescription.optional(),
    }),
    answer: [201, MadeWebhook],
    memory: {
      keep: (answer: z.infer<typeof MadeWebhook>) => ({ ...answer, secret: null }),
    },
    refusals: ["too_many_webhooks"],
    grants: { read: ["WEBHOOK", "REPLAY"], write: ["WEBHOOK", "SECRET", "REPLAY"] },
  },
  async ({ body, now, newId, once }) => {
    const webhook = makeWebhook(newId(), body, now);
    const secret = newSecret();
    return recordWebhook(webhook, secret, once({ ...webhook, secret }));
  },
);
