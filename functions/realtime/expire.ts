import { ownPoster } from "../../platform/push/gateway.ts";
import { each, reaction } from "../../platform/reaction.ts";
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
  each(ExpiryTimer, (timer, now) => endExpired(ownPoster(), timer, now)),
);
