import { CfnBudget } from "aws-cdk-lib/aws-budgets";
import type { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import type { Stage } from "../stages/stages.ts";

/** Percentages of the monthly amount at which the stage's topic is notified. */
const notifyAt = [
  { notificationType: "ACTUAL", threshold: 80 },
  { notificationType: "FORECASTED", threshold: 100 },
];

/**
 * The monthly budget of the stage's account. It covers everything in the account: the cost of a
 * single stage would need a cost allocation tag, which must be activated by hand and counts nothing
 * before that.
 */
export function addBudget(scope: Construct, stage: Stage, topic: Topic): void {
  new CfnBudget(scope, "budget", {
    budget: {
      budgetName: `ovation-${stage.name}`,
      budgetType: "COST",
      timeUnit: "MONTHLY",
      budgetLimit: { amount: stage.monthlyDollars, unit: "USD" },
    },
    notificationsWithSubscribers: notifyAt.map((one) => ({
      notification: { ...one, comparisonOperator: "GREATER_THAN", thresholdType: "PERCENTAGE" },
      subscribers: [{ subscriptionType: "SNS", address: topic.topicArn }],
    })),
  });
}
