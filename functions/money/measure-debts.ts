import { consumer } from "../../platform/lambda/consumer.ts";
import { measureMetric } from "../../platform/runtime/metrics.ts";
import { sumDebts } from "../../platform/store/money/due.ts";

/**
 * Publishes what all wallets owe together, even if that is nothing: an alarm watches it. Debts are what admins' refunds could not take back, so a growing sum means credits that
 * exist twice.
 */
export const { contract, handler } = consumer(
  {
    summary: "Measure the total debt of wallets",
    on: { every: "rate(1 minute)" },
    grants: { dueIndex: true },
  },
  async () => measureMetric("CreditsOwed", (await sumDebts()).owed),
);
