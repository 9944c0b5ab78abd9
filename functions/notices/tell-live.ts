import { logFault } from "../../platform/log.ts";
import { Notice, tellPart } from "../../platform/notices.ts";
import { reaction } from "../../platform/reaction.ts";

/**
 * Tells followers, and those who asked to be reminded, that a stream is live: each of them once.
 */
export const { contract, handler } = reaction(
  {
    says: "Tell followers that a stream is live",
    on: { queue: "notices", batchSize: 5 },
    grants: {
      read: ["USER", "STREAM", "CATALOGUE"],
      write: ["USER", "CATALOGUE"],
      queues: ["notices"],
    },
    timeoutSeconds: 60,
  },
  async (records, now) => {
    const failed: string[] = [];
    for (const { messageId, body } of records)
      try {
        await tellPart(Notice.parse(JSON.parse(body)), now);
      } catch (error) {
        logFault("A notice could not be told", error, { messageId });
        failed.push(messageId);
      }
    return failed;
  },
);
