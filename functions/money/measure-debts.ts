import { consumer } from "../../platform/lambda/consumer.ts";
import { measureMetric } from "../../platform/runtime/metrics.ts";
import { sumDebts } from "../../platform/store/money/due.ts";

/**
 * Publishes the total debt of all wallets, even if it is 0: an alarm watches it. Debts are what
 * admins' refunds could not take back, so a growing total means that credits exist twice.
 */
export const { contract, handler } = consumer(
  {
    summary: "Measure the total debt of wallets",
    on: { every: "rate(1 minute)" },
    grants: { dueIndex: true },
  },
  async () => measureMetric("CreditsOwed", (await sumDebts()).owed),
);
