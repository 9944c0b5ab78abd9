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
    summary: "Create a webhook; it receives every event of its types from now on",
    tag: "Webhooks",
    caller: "admin",
    body: z.object({
      url: DestinationUrl,
      events: WebhookEvents,
      description: WebhookDescription.optional(),
    }),
    answer: [201, MadeWebhook],
    replay: {
      keep: (answer: z.infer<typeof MadeWebhook>) => ({ ...answer, secret: null }),
    },
    cost: { read: 21, write: 22, kilobytes: 5 },
    refusals: ["too_many_webhooks"],
    grants: { read: ["WEBHOOK"], write: ["WEBHOOK", "SECRET"] },
  },
  async ({ body, now, newId, idempotentReply }) => {
    const webhook = makeWebhook(newId(), body, now);
    const secret = newSecret();
    return recordWebhook(webhook, secret, idempotentReply({ ...webhook, secret }));
  },
);
