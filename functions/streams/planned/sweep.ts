import { consumer } from "../../../platform/lambda/consumer.ts";
import { queueDuePlans } from "../../../platform/planned/plans.ts";

/** Finds what no message has led to: one that was lost, or a time too far off for a message. */
export const { contract, handler } = consumer(
  {
    summary: "Find planned streams that are due",
    on: { every: "rate(1 minute)" },
    grants: { read: ["PLANNED"], queues: ["plans"] },
    timeoutSeconds: 30,
  },
  (_, now) => queueDuePlans(now),
);
