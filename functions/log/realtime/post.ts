import { consumer } from "../../../platform/lambda/consumer.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { ownGovernors } from "../../../platform/push/governor.ts";
import { ownJobs } from "../../../platform/push/jobs.ts";
import { postRooms } from "../../../platform/push/large-room.ts";
import { ownPushCache } from "../../../platform/push/push-cache.ts";
import { ownInvokeSlice } from "../../../platform/push/slice-job.ts";
import { createEventQueue } from "../../../platform/webhooks/event-queue.ts";

/**
 * Posts large rooms, so that other rooms do not wait for them. Jobs of one stream run in order, one
 * at a time.
 */
export const { contract, handler } = consumer(
  {
    summary: "Post the frames of a large room to its viewers",
    on: { queue: "posts", batchSize: 10 },
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "USER", "SUB", "GATHERED", "WEBHOOK"],
      write: ["STREAM", "FRAMES", "CONN", "USER", "TOKEN", "RATE", "SUB", "GATHERED", "DELETION"],
      queues: ["posts", "deliveries", "rooms"],
      tasks: ["realtime/post-part"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 60,
  },
  (records, now) => {
    const outlet = {
      poster: ownPoster(),
      governor: ownGovernors().large,
      jobs: ownJobs(),
      invokeSlice: ownInvokeSlice(),
      events: createEventQueue(),
    };
    return postRooms({ now, cache: ownPushCache, outlet }, records);
  },
);
