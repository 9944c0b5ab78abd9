import { consumer } from "../../../platform/lambda/consumer.ts";
import { queueDuePlans } from "../../../platform/planned/plans.ts";

/** Finds streams that no message led to: it was lost, or their time was too far off for one. */
export const { contract, handler } = consumer(
  {
    summary: "Find planned streams that are due",
    on: { every: "rate(1 minute)" },
    grants: { read: ["PLANNED"], queues: ["plans"] },
    timeoutSeconds: 30,
  },
  (_, now) => queueDuePlans(now),
);
