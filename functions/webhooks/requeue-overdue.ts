import { consumer } from "../../platform/lambda/consumer.ts";
import { logNotice } from "../../platform/runtime/log.ts";
import { countMetric } from "../../platform/runtime/metrics.ts";
import { requeueOverdue } from "../../platform/webhooks/overdue.ts";

/** An alarm watches its metric: in normal operation no delivery is overdue. */
export const { contract, handler } = consumer(
  {
    summary: "Requeue deliveries whose retry was lost",
    on: { every: "rate(1 minute)" },
    grants: {
      read: ["WEBHOOK", "DELIVERY", "SWEEP"],
      write: ["DELIVERY", "SWEEP"],
      dueIndex: true,
      queues: ["retries"],
    },
    timeoutSeconds: 60,
  },
  async (_, now) => {
    const count = await requeueOverdue(now);
    if (count === 0) return;
    countMetric("DeliveriesOverdue", count);
    logNotice("Overdue deliveries were sent again", { count });
  },
);
