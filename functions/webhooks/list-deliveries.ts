import * as z from "zod";
import { DeliveryId } from "../../domain/id.ts";
import { cursorPage, cursorQuery } from "../../domain/page.ts";
import { DeliveryPage, listedDeliveryOf } from "../../domain/webhooks/delivery.ts";
import { ReceiverId } from "../../domain/webhooks/webhook.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listDeliveries } from "../../platform/store/webhooks/deliveries.ts";
import { assertReceiver } from "../../platform/store/webhooks/webhooks.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/webhooks/{id}/deliveries",
    summary: "List a webhook's deliveries of the last seven days, newest events first",
    tag: "Webhooks",
    caller: "admin",
    path: z.object({ id: ReceiverId }),
    query: cursorQuery(DeliveryId),
    answer: [200, DeliveryPage],
    cost: { read: 435, kilobytes: 105 },
    refusals: ["webhook_not_found"],
    grants: { read: ["WEBHOOK", "DELIVERY"] },
  },
  async ({ path: { id }, query: { after, limit } }) => {
    await assertReceiver(id);
    const deliveries = await listDeliveries(id, limit + 1, after);
    return cursorPage(deliveries.map(listedDeliveryOf), limit, (row) => row.id);
  },
);
