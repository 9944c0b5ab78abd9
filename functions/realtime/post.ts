import { allDone } from "../../platform/push/all-done.ts";
import { deliverFrames } from "../../platform/push/deliver.ts";
import { PostJob } from "../../platform/push/queue.ts";
import { replay } from "../../platform/push/replay.ts";
import { ownMemory } from "../../platform/push/room.ts";
import { reaction } from "../../platform/reaction.ts";

/** Posts large rooms, so that no other room waits for them: each stream in order, one at a time. */
export const { contract, handler } = reaction(
  {
    says: "Post the frames of a large room to its viewers",
    on: { queue: "posts", batchSize: 10 },
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "USER"],
      write: ["STREAM", "CONN", "USER", "RATE"],
      queues: ["posts"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 60,
  },
  async (records, now) => {
    // While the last frames were posted others have gathered: the newest job asks for all of them.
    const heads = new Map<string, number>();
    const replays: Promise<void>[] = [];
    for (const { body } of records) {
      const job = PostJob.parse(JSON.parse(body));
      if ("connectionId" in job) replays.push(replay(job, now));
      else heads.set(job.streamId, Math.max(job.upTo, heads.get(job.streamId) ?? 0));
    }
    const rooms = [...heads].map(([streamId, upTo]) =>
      deliverFrames({ streamId, now, memory: ownMemory }, upTo),
    );
    await allDone([...rooms, ...replays]);
  },
);
