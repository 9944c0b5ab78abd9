import { logFault } from "../../platform/log.ts";
import { reaction } from "../../platform/reaction.ts";
import { ComboMoment, endCombo } from "../../platform/store/money/combos.ts";

/** Ends combos: decided here and written, so that every viewer counts the same. */
export const { contract, handler } = reaction(
  {
    says: "End combos of gifts that nothing followed",
    on: { queue: "combos", batchSize: 10 },
    grants: { read: ["WALLET", "STREAM"], write: ["WALLET", "STREAM"], queues: ["combos"] },
  },
  async (records, now) => {
    const failed: string[] = [];
    for (const { messageId, body } of records)
      try {
        await endCombo(ComboMoment.parse(JSON.parse(body)), now);
      } catch (error) {
        logFault("A combo could not be ended", error, { messageId });
        failed.push(messageId);
      }
    return failed;
  },
);
