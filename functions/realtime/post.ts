import { allDone } from "../../platform/push/all-done.ts";
import { deliverFrames } from "../../platform/push/deliver.ts";
import { Posting } from "../../platform/push/queue.ts";
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
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 60,
  },
  async (records, now) => {
    // While the last frames were posted others have gathered: the newest message asks for all of
    // them.
    const heads = new Map<string, number>();
    for (const { body } of records) {
      const { streamId, upTo } = Posting.parse(JSON.parse(body));
      heads.set(streamId, Math.max(upTo, heads.get(streamId) ?? 0));
    }
    await allDone(
      [...heads].map(([streamId, upTo]) =>
        deliverFrames({ streamId, now, memory: ownMemory }, upTo),
      ),
    );
  },
);
