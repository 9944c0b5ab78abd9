import { logFault } from "../../platform/log.ts";
import { MissedNotification, sendMissed } from "../../platform/push/notify.ts";
import { reaction } from "../../platform/reaction.ts";

/** A notification has no frame that would show a hole, so what did not arrive is sent again. */
export const { contract, handler } = reaction(
  {
    says: "Send notifications again that did not arrive",
    on: { queue: "notifications", batchSize: 10 },
    grants: {
      read: ["USER", "CONN"],
      write: ["USER", "CONN", "STREAM", "RATE"],
      queues: ["notifications"],
      connections: true,
    },
  },
  async (records, now) => {
    const failed: string[] = [];
    await Promise.all(
      records.map(async ({ messageId, body }) => {
        try {
          await sendMissed(MissedNotification.parse(JSON.parse(body)), now);
        } catch (error) {
          logFault("A notification could not be sent again", error, { messageId });
          failed.push(messageId);
        }
      }),
    );
    return failed;
  },
);
