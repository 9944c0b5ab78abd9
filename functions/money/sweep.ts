import { logNotice } from "../../platform/log.ts";
import { reaction } from "../../platform/reaction.ts";
import { sweepOverdue } from "../../platform/store/money/sweep.ts";

/**
 * Settles what a lost or parked record left behind: whatever is due for more than half a minute.
 */
export const { contract, handler } = reaction(
  {
    says: "Settle gifts that no record settled",
    on: { every: "rate(1 minute)" },
    grants: {
      read: ["WALLET", "STREAM", "SWEEP"],
      write: ["WALLET", "LEDGER", "STREAM", "PARKED", "SWEEP"],
      dueScan: true,
      queues: ["combos"],
    },
    timeoutSeconds: 60,
  },
  async (_, now) => {
    const outcome = await sweepOverdue(now);
    if (Object.values(outcome).some((count) => count > 0))
      logNotice("Overdue gifts were swept", outcome);
  },
);
