import { Notice, tellPart } from "../../platform/notices.ts";
import { each, reaction } from "../../platform/reaction.ts";

/**
 * Tells followers, and those who asked to be reminded, that a stream is live: each of them once.
 */
export const { contract, handler } = reaction(
  {
    says: "Tell followers that a stream is live",
    on: { queue: "notices", batchSize: 5 },
    grants: {
      read: ["USER", "STREAM", "NOTICE"],
      write: ["USER", "NOTICE"],
      queues: ["notices"],
    },
    timeoutSeconds: 60,
  },
  each(Notice, tellPart, { inTurn: true }),
);
