import { consumer } from "../../../platform/lambda/consumer.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { ownGovernors } from "../../../platform/push/governor.ts";
import { ownJobs } from "../../../platform/push/jobs.ts";
import { ownPushCache } from "../../../platform/push/push-cache.ts";
import { resumeAll } from "../../../platform/push/resume.ts";

/**
 * Sends missed frames, so that the function that makes new frames never sends old ones and no room
 * waits for them.
 */
export const { contract, handler } = consumer(
  {
    summary: "Send connections the frames they missed",
    on: { queue: "resumes", batchSize: 10, concurrencyMax: 20 },
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "SUB"],
      // The transaction that makes a subscription live checks that a frame does not exist yet.
      write: ["STREAM", "FRAMES", "CONN", "USER", "TOKEN", "RATE", "SUB"],
      queues: ["resumes"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 20,
  },
  (records, now) => {
    const outlet = { poster: ownPoster(), governor: ownGovernors().others, jobs: ownJobs() };
    return resumeAll({ now, cache: ownPushCache, outlet }, records);
  },
);
