import { allDone } from "../../platform/push/all-done.ts";
import { postLarge } from "../../platform/push/parts.ts";
import { PostJob } from "../../platform/push/queue.ts";
import { replay } from "../../platform/push/replay.ts";
import { ownMemory } from "../../platform/push/room.ts";
import { postRoom } from "../../platform/push/rooms.ts";
import { reaction } from "../../platform/reaction.ts";

/** Posts large rooms, so that no other room waits for them: each stream in order, one at a time. */
export const { contract, handler } = reaction(
  {
    says: "Post the frames of a large room to its viewers",
    on: { queue: "posts", batchSize: 10 },
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "USER"],
      write: ["STREAM", "FRAMES", "CONN", "USER", "RATE"],
      queues: ["posts"],
      tasks: ["realtime/post-part"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 60,
  },
  async (records, now) => {
    // Many jobs of one room are one: whichever is first takes all that has gathered.
    const streamIds = new Set<string>();
    const replays: Promise<void>[] = [];
    for (const { body } of records) {
      const job = PostJob.parse(JSON.parse(body));
      if ("connectionId" in job) replays.push(replay(job, now));
      else streamIds.add(job.streamId);
    }
    const rooms = [...streamIds].map((streamId) =>
      postRoom({ streamId, now, memory: ownMemory }, postLarge),
    );
    await allDone([...rooms, ...replays]);
  },
);
