import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { Notice, notifyNextPart } from "../../../platform/live-notifications/live-notifications.ts";

/**
 * Notifies followers, and users who set a reminder, that a stream is live: each of them once.
 */
export const { contract, handler } = consumer(
  {
    summary: "Notify followers that a stream is live",
    on: { queue: "notices", batchSize: 5 },
    grants: {
      read: ["USER", "STREAM", "NOTICE"],
      write: ["USER", "NOTICE", "STREAM"],
      queues: ["notices"],
    },
    timeoutSeconds: 60,
  },
  perMessage(Notice, notifyNextPart, { inTurn: true }),
);
