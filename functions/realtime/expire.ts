import * as z from "zod";
import { ownPoster } from "../../platform/push/gateway.ts";
import { each, reaction } from "../../platform/reaction.ts";
import { ExpiryTimer, endExpired } from "../../platform/realtime/expiry.ts";
import { endWithdrawn, Withdrawal } from "../../platform/realtime/withdrawal.ts";

/** A token's end is a message with a delay: nothing waits in memory. */
export const { contract, handler } = reaction(
  {
    says: "End connections whose token has ended, or whose session or key was revoked",
    on: { queue: "moments", batchSize: 10 },
    grants: {
      read: ["CONN", "USER", "TOKEN"],
      write: ["CONN", "STREAM", "USER", "SUB"],
      queues: ["moments"],
      connections: true,
    },
  },
  each(z.union([ExpiryTimer, Withdrawal]), (message, now) =>
    "withdrawn" in message
      ? endWithdrawn(ownPoster(), message, now)
      : endExpired(ownPoster(), message, now),
  ),
);
