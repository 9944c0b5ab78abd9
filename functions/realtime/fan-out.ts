import { allDone } from "../../platform/push/all-done.ts";
import { readBatch } from "../../platform/push/batch.ts";
import { ownMemory } from "../../platform/push/memory.ts";
import { sendNotification } from "../../platform/push/notify.ts";
import { pushStream } from "../../platform/push/push-stream.ts";
import { reaction } from "../../platform/reaction.ts";

/** Brings what was written to all who watch: rooms of a batch side by side, each in its order. */
export const { contract, handler } = reaction(
  {
    says: "Put the table's changes into the streams' logs and post them to the viewers",
    on: {
      stream: "table",
      kinds: ["stream", "member", "message", "gift", "subscriber", "notification"],
      batchSize: 1000,
    },
    grants: {
      read: ["STREAM", "FRAMES", "CONN", "USER"],
      write: ["STREAM", "FRAMES", "CONN", "USER", "RATE"],
      queues: ["posts", "resumes", "notifications"],
      connections: true,
    },
    memoryMegabytes: 1769,
    timeoutSeconds: 60,
  },
  async (records, now) => {
    const { streams, notifications } = readBatch(records, now);
    await allDone([
      ...[...streams].map(([streamId, work]) =>
        pushStream({ streamId, now, memory: ownMemory }, work),
      ),
      ...notifications.map((notification) => sendNotification(notification, now)),
    ]);
  },
);
