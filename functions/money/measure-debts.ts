import { measureMetric } from "../../platform/metrics.ts";
import { reaction } from "../../platform/reaction.ts";
import { sumDebts } from "../../platform/store/money/due.ts";

/**
 * Publishes what all wallets owe together, even if that is nothing: an alarm watches it. Debts are what admins' refunds could not take back, so a growing sum means credits that
 * exist twice.
 */
export const { contract, handler } = reaction(
  {
    says: "Measure what wallets owe",
    on: { every: "rate(1 minute)" },
    grants: { dueIndex: true },
  },
  async () => measureMetric("CreditsOwed", (await sumDebts()).owed),
);
