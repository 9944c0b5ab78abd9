import { consumer } from "../../../platform/lambda/consumer.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { ownGovernors } from "../../../platform/push/governor.ts";
import { ownJobs } from "../../../platform/push/jobs.ts";
import { ownMemory } from "../../../platform/push/memory.ts";
import { resumeAll } from "../../../platform/push/resume.ts";

/**
 * Sends old frames, so that the function which makes new ones never has to: nobody waits for it.
 */
export const { contract, handler } = consumer(
  {
    summary: "Send connections the frames they missed",
    on: { queue: "resumes", batchSize: 10, concurrencyMax: 20 },
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "SUB"],
      // The transaction that makes a subscription live checks that a frame is not there yet.
      write: ["STREAM", "FRAMES", "CONN", "USER", "RATE", "SUB"],
      queues: ["resumes"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 20,
  },
  (records, now) => {
    const outlet = { poster: ownPoster(), governor: ownGovernors().others, jobs: ownJobs() };
    return resumeAll({ now, memory: ownMemory, outlet }, records);
  },
);
