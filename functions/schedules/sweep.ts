import { logNotice } from "../../platform/log.ts";
import { reaction } from "../../platform/reaction.ts";
import { awaitCombos } from "../../platform/store/combos.ts";
import { findOverdue } from "../../platform/store/due.ts";
import { settleAll } from "../../platform/store/settle-all.ts";

/**
 * Settles what a lost or parked record left behind: whatever is due for more than half a minute.
 */
export const { contract, handler } = reaction(
  {
    says: "Settle gifts that no record settled",
    on: { every: "rate(1 minute)" },
    grants: {
      read: ["WALLET", "STREAM"],
      write: ["WALLET", "LEDGER", "STREAM", "PARKED"],
      dueScan: true,
      queues: ["combos"],
    },
    timeoutSeconds: 60,
  },
  async (_, now) => {
    const overdue = await findOverdue(now);
    if (overdue.length === 0) return;
    // Before: what is settled is not found again, so its combo would never be ended.
    await awaitCombos(overdue, now);
    const { parked } = await settleAll(overdue, now);
    logNotice("Overdue gifts were settled", { settled: overdue.length - parked, parked });
  },
);
