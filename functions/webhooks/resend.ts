import * as z from "zod";
import { DeliveryId } from "../../domain/id.ts";
import { refuse } from "../../domain/refusal.ts";
import { ReceiverId } from "../../domain/webhooks/webhook.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { getDelivery } from "../../platform/store/webhooks/deliveries.ts";
import { queueDelivery } from "../../platform/webhooks/jobs.ts";
import { readSubscribedTypes } from "../../platform/webhooks/receivers.ts";

/** One attempt outside the retry schedule, which continues if there is one. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/webhooks/{id}/deliveries/{deliveryId}/resend",
    summary: "Resend an event now, with the same id and body",
    tag: "Webhooks",
    caller: "admin",
    path: z.object({ id: ReceiverId, deliveryId: DeliveryId }),
    answer: [200, z.object({ id: DeliveryId })],
    cost: { read: 33, write: 4, kilobytes: 1 },
    refusals: [
      "webhook_not_found",
      "delivery_not_found",
      "webhook_disabled",
      "delivery_not_resendable",
    ],
    grants: { read: ["WEBHOOK", "CALLBACKS", "DELIVERY"], queues: ["deliveries"] },
  },
  async ({ path: { id: receiverId, deliveryId }, callId, commitReply, assertNew }) => {
    const takes = await readSubscribedTypes(receiverId);
    const { id, type, once } = await getDelivery(receiverId, deliveryId);
    if (once) refuse("delivery_not_resendable");
    if (!takes(type)) refuse("webhook_disabled");
    await assertNew();
    await queueDelivery({ kind: "resend", receiverId, id }, callId);
    return commitReply({ id });
  },
);
