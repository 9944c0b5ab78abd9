import { consumer } from "../../../platform/lambda/consumer.ts";
import { queueDueStreams } from "../../../platform/planned-streams/due-times.ts";

/**
 * Finds due streams without a message: it was lost, or they were planned too far ahead to get one.
 */
export const { contract, handler } = consumer(
  {
    summary: "Find planned streams that are due",
    on: { every: "rate(1 minute)" },
    grants: { read: ["PLANNED"], queues: ["plans"] },
    timeoutSeconds: 30,
  },
  (_, now) => queueDueStreams(now),
);
