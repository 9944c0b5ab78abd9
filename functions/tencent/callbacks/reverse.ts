import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { applyDecision, CallDecision } from "../../../platform/store/money/held-gifts.ts";

/**
 * The fast path of what the stream reader and the sweep do too: nothing depends on its messages.
 */
export const { contract, handler } = consumer(
  {
    summary: "Return or confirm held gifts whose callback did not record its outcome",
    on: { queue: "reversals", batchSize: 1 },
    grants: {
      read: ["WALLET", "CALL"],
      write: ["STREAM", "WALLET", "LEDGER", "CALL"],
      queues: ["combos"],
    },
    timeoutSeconds: 20,
  },
  perMessage(CallDecision, applyDecision, { inTurn: true }),
);
