import { changeKinds } from "../../../domain/log/change.ts";
import { userChangeKinds } from "../../../domain/log/user-event.ts";
import { consumer } from "../../../platform/lambda/consumer.ts";
import { pushBatch } from "../../../platform/push/batch.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { ownGovernors } from "../../../platform/push/governor.ts";
import { ownJobs } from "../../../platform/push/jobs.ts";
import { ownPushCache } from "../../../platform/push/push-cache.ts";
import { createEventQueue } from "../../../platform/webhooks/event-queue.ts";

/**
 * Consumes the table's stream and pushes its changes to viewers: streams in parallel, each stream's
 * records in order.
 */
export const { contract, handler } = consumer(
  {
    summary: "Turn the table's changes into frames and post them to viewers",
    on: {
      stream: "table",
      kinds: [...changeKinds, "subscriber", ...userChangeKinds],
      batchSize: 1000,
    },
    grants: {
      read: ["STREAM", "SENDER", "FRAMES", "CONN", "USER", "SUB", "GATHERED", "WEBHOOK"],
      write: ["STREAM", "FRAMES", "CONN", "USER", "TOKEN", "RATE", "SUB", "GATHERED", "DELETION"],
      queues: ["posts", "sums", "resumes", "notifications", "deliveries", "rooms"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 60,
  },
  async (records, now) => {
    const outlet = {
      poster: ownPoster(),
      governor: ownGovernors().others,
      jobs: ownJobs(),
      events: createEventQueue(),
    };
    await pushBatch({ now, cache: ownPushCache, outlet }, records);
  },
);
