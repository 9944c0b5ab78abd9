import { consumer } from "../../platform/lambda/consumer.ts";
import { requeueDue } from "../../platform/webhooks/retry.ts";

/** Holds deliveries until their next attempt is due. It makes no calls and reads nothing. */
export const { contract, handler } = consumer(
  {
    summary: "Queue deliveries whose next attempt is due",
    on: { queue: "retries", batchSize: 10 },
    grants: { queues: ["deliveries", "retries"] },
  },
  requeueDue,
);
