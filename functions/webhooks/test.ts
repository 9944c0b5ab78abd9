import * as z from "zod";
import { WebhookId } from "../../domain/id.ts";
import { refuse } from "../../domain/refusal.ts";
import { EventId } from "../../domain/webhooks/delivery.ts";
import { testEvent } from "../../domain/webhooks/webhook.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { getWebhook } from "../../platform/store/webhooks/webhooks.ts";
import { queueEvents } from "../../platform/webhooks/jobs.ts";

const eventId = EventId.meta({
  description: "The `webhook-id` header of the test event",
  example: "test:65a1234bcde5678f90123456",
});

/** Tests whether a receiver works: sent even if the webhook does not list this type. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/webhooks/{id}/test",
    summary: `Send a ${testEvent} event to a webhook`,
    tag: "Webhooks",
    caller: "admin",
    path: z.object({ id: WebhookId }),
    answer: [200, z.object({ eventId })],
    cost: { read: 24, write: 1, kilobytes: 1 },
    refusals: ["webhook_not_found", "webhook_disabled"],
    grants: { read: ["WEBHOOK"], queues: ["deliveries"] },
  },
  async ({ path, now, newId, callId, commitReply, assertNew }) => {
    const receiver = await getWebhook(path.id);
    if (!receiver.enabled) refuse("webhook_disabled");
    await assertNew();
    // If an interrupted call is repeated, the receiver gets the same event id.
    const eventId = `test:${callId ?? newId()}`;
    const data = { webhookId: receiver.id, streamId: null };
    const event = { id: eventId, type: testEvent, at: now.toISOString(), data };
    await queueEvents(eventId, [{ receiver, events: [event] }]);
    return commitReply({ eventId });
  },
);
