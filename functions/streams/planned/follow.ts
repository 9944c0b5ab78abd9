import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { applyDueTime, DueStreamMessage } from "../../../platform/planned-streams/due-times.ts";

/**
 * Runs page by page, each invocation within its time limit, so no stream has too many contributors.
 */
export const { contract, handler } = consumer(
  {
    summary: "Expire planned streams that never went live, and return contributions",
    on: { queue: "plans", batchSize: 1 },
    grants: {
      read: ["STREAM", "ESCROW", "WALLET"],
      write: ["STREAM", "ESCROW", "WALLET", "LEDGER", "USER", "LIST", "PLANNED"],
      queues: ["plans"],
    },
    timeoutSeconds: 60,
  },
  perMessage(DueStreamMessage, applyDueTime),
);
