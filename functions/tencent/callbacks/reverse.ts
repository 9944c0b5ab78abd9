import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { CallDecision, carryOut } from "../../../platform/store/money/held-gifts.ts";

/** The fast path of what the stream and the sweep do as well: nothing rests on its messages. */
export const { contract, handler } = consumer(
  {
    summary: "Take back or confirm gifts whose callback could not write down how it ended",
    on: { queue: "reversals", batchSize: 1 },
    grants: {
      read: ["WALLET", "CALL"],
      write: ["STREAM", "WALLET", "LEDGER", "CALL"],
    },
    timeoutSeconds: 20,
  },
  perMessage(CallDecision, carryOut, { inTurn: true }),
);
