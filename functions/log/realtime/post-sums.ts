import { consumer, handleEach } from "../../../platform/lambda/consumer.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { ownGovernors } from "../../../platform/push/governor.ts";
import { ownJobs, SumsJob } from "../../../platform/push/jobs.ts";
import { ownPushCache } from "../../../platform/push/push-cache.ts";
import { postSums } from "../../../platform/push/sums.ts";
import { createEventQueue } from "../../../platform/webhooks/event-queue.ts";

/** Frames and posts likes and votes of a quiet room, at most once per second. */
export const { contract, handler } = consumer(
  {
    summary: "Frame and post likes and votes that no other frame carried",
    on: { queue: "sums", batchSize: 10 },
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "USER", "SUB", "GATHERED", "WEBHOOK"],
      write: ["STREAM", "FRAMES", "CONN", "USER", "TOKEN", "RATE", "SUB", "GATHERED", "DELETION"],
      queues: ["sums", "posts", "deliveries", "rooms"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 60,
  },
  (records, now) => {
    const [poster, jobs] = [ownPoster(), ownJobs()];
    const outlet = { poster, governor: ownGovernors().others, jobs, events: createEventQueue() };
    const push = { now, cache: ownPushCache, outlet };
    const post = (job: SumsJob) =>
      postSums({ ...push, streamId: job.streamId, now: new Date() }, job);
    return handleEach(records, SumsJob, post, { inTurn: true });
  },
);
