import { each, reaction } from "../../../platform/reaction.ts";
import { Reversal, reverse } from "../../../platform/store/tencent/charged-gifts.ts";

/** Refunds what was committed too late for an answer to Tencent, which has blocked the gift. */
export const { contract, handler } = reaction(
  {
    says: "Refund gifts whose callback was answered too late",
    on: { queue: "reversals", batchSize: 1 },
    grants: {
      read: ["STREAM", "WALLET", "REPLAY"],
      write: ["STREAM", "USER", "WALLET", "LEDGER", "REPLAY"],
    },
    timeoutSeconds: 20,
  },
  each(Reversal, reverse, { inTurn: true }),
);
