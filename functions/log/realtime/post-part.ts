import { task } from "../../../platform/lambda/task.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { ownGovernors } from "../../../platform/push/governor.ts";
import { SliceJob, SlicePosted } from "../../../platform/push/jobs.ts";
import { ownPushCache } from "../../../platform/push/push-cache.ts";
import { postSliceJob } from "../../../platform/push/slice-job.ts";

/** Posts one slice of a room that is too large for one environment. */
export const { contract, handler } = task(
  {
    summary: "Post frames to one part of a very large room's viewers",
    body: SliceJob,
    answer: SlicePosted,
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "USER", "SUB"],
      write: ["STREAM", "CONN", "USER", "TOKEN", "RATE", "SUB"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 30,
  },
  (job, now) => {
    const outlet = { poster: ownPoster(), governor: ownGovernors().large };
    return postSliceJob({ now, cache: ownPushCache, outlet }, job);
  },
);
