import { consumer, handleEach } from "../../platform/lambda/consumer.ts";
import { deliver } from "../../platform/webhooks/deliver.ts";
import { DeliveryJob } from "../../platform/webhooks/jobs.ts";

/**
 * The only function that calls webhooks. Each invocation has one message for one receiver, so a
 * receiver that hangs delays no other.
 */
export const { contract, handler } = consumer(
  {
    summary: "Send events to webhooks and to the Tencent application's callbacks",
    on: { queue: "deliveries", batchSize: 1, concurrencyMax: 128 },
    grants: {
      read: ["WEBHOOK", "SECRET", "CALLBACKS", "DELIVERY", "DELETION"],
      write: ["WEBHOOK", "DELIVERY"],
      queues: ["retries"],
    },
    timeoutSeconds: 75,
  },
  (records, now) =>
    handleEach(records, DeliveryJob, (job) => {
      const { SentTimestamp, ApproximateReceiveCount } = records[0]!.attributes;
      const waitedMilliseconds = now.getTime() - Number(SentTimestamp);
      return deliver(job, { waitedMilliseconds, isRepeated: Number(ApproximateReceiveCount) > 1 });
    }),
);
