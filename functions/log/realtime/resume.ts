import { consumer } from "../../../platform/lambda/consumer.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { ownGovernors } from "../../../platform/push/governor.ts";
import { ownJobs } from "../../../platform/push/jobs.ts";
import { ownMemory } from "../../../platform/push/memory.ts";
import { resumeAll } from "../../../platform/push/resume.ts";

/** Sends old frames in a separate function, so that new frames never wait for them. */
export const { contract, handler } = consumer(
  {
    summary: "Send connections the frames they missed",
    on: { queue: "resumes", batchSize: 10, concurrencyMax: 20 },
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "SUB"],
      // Subscriptions go live in a transaction that checks that their next frame does not exist
      // yet.
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
