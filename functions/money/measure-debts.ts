import { logNotice } from "../../platform/log.ts";
import { reaction } from "../../platform/reaction.ts";
import { sumDebts } from "../../platform/store/money/due.ts";

/**
 * Says what all wallets owe together, nothing included: the line is a metric, and an alarm looks at
 * it. Debts are what admins' refunds could not take back, so a sum that grows is credits that are
 * had twice.
 */
export const { contract, handler } = reaction(
  {
    says: "Measure what wallets owe",
    on: { every: "rate(1 minute)" },
    grants: { dueIndex: true },
  },
  async () => logNotice("Credits are owed", await sumDebts()),
);
