import { consumer, perMessage } from "../../platform/lambda/consumer.ts";
import { ComboEnd, endCombo } from "../../platform/store/money/combos.ts";

/** Ends combos. The end is decided and stored here, so that every viewer sees the same count. */
export const { contract, handler } = consumer(
  {
    summary: "End gift combos after five seconds without another gift",
    on: { queue: "combos", batchSize: 10 },
    grants: { read: ["WALLET", "STREAM"], write: ["WALLET", "STREAM"], queues: ["combos"] },
  },
  perMessage(ComboEnd, endCombo, { inTurn: true }),
);
