import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { Ending, endMoments } from "../../../platform/store/audience/endings.ts";

/** A delayed message announces the end of a moment; its result is counted from stored items. */
export const { contract, handler } = consumer(
  {
    summary: "Count the results of ended polls and goals, and end those of ended streams",
    on: { queue: "endings", batchSize: 10 },
    grants: {
      read: ["STREAM", "CROWD", "FRAMES", "WALLET"],
      write: ["STREAM", "CROWD"],
      queues: ["endings"],
    },
    memoryMegabytes: 512,
    timeoutSeconds: 60,
  },
  perMessage(Ending, endMoments),
);
