import { CfnBudget } from "aws-cdk-lib/aws-budgets";
import type { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import type { Stage } from "./stages.ts";

/** Shares of the month's amount, in percent, at which the stage's topic is told. */
const told = [
  { notificationType: "ACTUAL", threshold: 80 },
  { notificationType: "FORECASTED", threshold: 100 },
];

/**
 * What the stage's account may cost in a month. It counts everything in the account: the cost of
 * one stage alone would need a tag that somebody has to switch on by hand, and would be nothing
 * until then.
 */
export function placeBudget(scope: Construct, stage: Stage, topic: Topic): void {
  new CfnBudget(scope, "budget", {
    budget: {
      budgetName: `ovation-${stage.name}`,
      budgetType: "COST",
      timeUnit: "MONTHLY",
      budgetLimit: { amount: stage.monthlyDollars, unit: "USD" },
    },
    notificationsWithSubscribers: told.map((one) => ({
      notification: { ...one, comparisonOperator: "GREATER_THAN", thresholdType: "PERCENTAGE" },
      subscribers: [{ subscriptionType: "SNS", address: topic.topicArn }],
    })),
  });
}
