import { ownMemory } from "../../platform/push/memory.ts";
import { PartJob, PartPosted, postPartJob } from "../../platform/push/slice-job.ts";
import { task } from "../../platform/task.ts";

/** Posts one part of a room that is too large for one environment. */
export const { contract, handler } = task(
  {
    says: "Post frames to one part of a very large room's viewers",
    body: PartJob,
    answer: PartPosted,
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "USER"],
      write: ["STREAM", "CONN", "USER", "RATE"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 30,
  },
  (job, now) => postPartJob(job, ownMemory, now),
);
