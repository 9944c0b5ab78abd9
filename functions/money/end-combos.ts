import { each, reaction } from "../../platform/reaction.ts";
import { ComboMoment, endCombo } from "../../platform/store/money/combos.ts";

/** Ends combos. The end is decided here and stored, so that every viewer counts the same. */
export const { contract, handler } = reaction(
  {
    says: "End combos of gifts that nothing followed",
    on: { queue: "combos", batchSize: 10 },
    grants: { read: ["WALLET", "STREAM"], write: ["WALLET", "STREAM"], queues: ["combos"] },
  },
  each(ComboMoment, endCombo, { inTurn: true }),
);
