import { consumer } from "../../platform/lambda/consumer.ts";
import { logNotice } from "../../platform/runtime/log.ts";
import { sweepOverdue } from "../../platform/store/money/sweep.ts";

/**
 * Settles what a lost or parked record left behind: everything due for more than half a minute.
 * Releases held gifts that were never confirmed.
 */
export const { contract, handler } = consumer(
  {
    summary:
      "Settle gifts whose stream record was lost, and return held gifts that were " +
      "never confirmed",
    on: { every: "rate(1 minute)" },
    grants: {
      read: ["WALLET", "STREAM", "SWEEP", "CALL"],
      write: ["WALLET", "LEDGER", "STREAM", "PARKED", "SWEEP", "CALL"],
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
