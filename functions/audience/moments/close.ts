import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { Ending, endMoments } from "../../../platform/store/audience/endings.ts";

/** The end of a moment is a message with a delay: its result is counted from what is stored. */
export const { contract, handler } = consumer(
  {
    summary: "Count the results of ended polls and goals, and end those of ended streams",
    on: { queue: "endings", batchSize: 10 },
    grants: {
      read: ["STREAM", "CROWD", "FRAMES"],
      write: ["STREAM", "CROWD"],
      queues: ["endings"],
    },
    memoryMegabytes: 512,
    timeoutSeconds: 60,
  },
  perMessage(Ending, endMoments),
);
