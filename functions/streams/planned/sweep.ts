import { consumer } from "../../../platform/lambda/consumer.ts";
import { queueDuePlans } from "../../../platform/planned/plans.ts";

/** Finds what no message has led to: one that was lost, or a time too far off for a message. */
export const { contract, handler } = consumer(
  {
    summary: "Have planned streams looked at whose time has come",
    on: { every: "rate(1 minute)" },
    grants: { read: ["PLANNED"], queues: ["plans"] },
    timeoutSeconds: 30,
  },
  (_, now) => queueDuePlans(now),
);
