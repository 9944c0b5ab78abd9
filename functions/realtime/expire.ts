import { logFault } from "../../platform/log.ts";
import { reaction } from "../../platform/reaction.ts";
import { ExpiryTimer, endExpired } from "../../platform/realtime/expiry.ts";

/** A token's end is a message with a delay: nothing waits in memory. */
export const { contract, handler } = reaction(
  {
    says: "End connections whose token has ended",
    on: { queue: "moments", batchSize: 10 },
    grants: {
      read: ["CONN"],
      write: ["CONN", "STREAM", "USER"],
      queues: ["moments"],
      connections: true,
    },
  },
  async (records, now) => {
    const failed: string[] = [];
    await Promise.all(
      records.map(async ({ messageId, body }) => {
        try {
          await endExpired(ExpiryTimer.parse(JSON.parse(body)), now);
        } catch (error) {
          logFault("A connection could not be ended", error, { messageId });
          failed.push(messageId);
        }
      }),
    );
    return failed;
  },
);
