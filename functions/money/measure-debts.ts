import { logNotice } from "../../platform/log.ts";
import { reaction } from "../../platform/reaction.ts";
import { sumDebts } from "../../platform/store/money/due.ts";

/**
 * Logs what all wallets owe together, even if that is nothing: the line is a metric, which an alarm
 * watches. Debts are what admins' refunds could not take back, so a growing sum means credits that
 * exist twice.
 */
export const { contract, handler } = reaction(
  {
    says: "Measure what wallets owe",
    on: { every: "rate(1 minute)" },
    grants: { dueIndex: true },
  },
  async () => logNotice("Credits are owed", await sumDebts()),
);
