import { ownMemory } from "../../platform/push/memory.ts";
import { resumeAll } from "../../platform/push/resume.ts";
import { reaction } from "../../platform/reaction.ts";

/** Sends old frames, so that the function which makes new ones sends none: nobody waits for it. */
export const { contract, handler } = reaction(
  {
    says: "Send connections the frames that they have missed",
    on: { queue: "resumes", batchSize: 10 },
    grants: {
      read: ["STREAM", "FRAMES", "CONN"],
      // Of FRAMES it looks that one is not there, in the transaction that makes somebody live.
      write: ["STREAM", "FRAMES", "CONN", "USER", "RATE"],
      queues: ["resumes"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 20,
  },
  (records, now) => resumeAll(records, now, ownMemory),
);
