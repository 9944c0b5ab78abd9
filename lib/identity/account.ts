import { RemovalPolicy, Stack } from "aws-cdk-lib";
import { CfnAccount } from "aws-cdk-lib/aws-apigateway";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";

/**
 * API Gateway has one role per account and region for writing logs. All stages share it, so it has
 * its own stack, which is kept when a stage is deleted.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 */
export class Account extends Stack {
  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id, stackEnvironmentOf(stage));
    const write = new PolicyStatement({
      actions: [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        "logs:GetLogEvents",
        "logs:FilterLogEvents",
      ],
      resources: [`arn:${this.partition}:logs:${this.region}:${this.account}:log-group:*`],
    });
    const role = new Role(this, "gateway-logs", {
      assumedBy: new ServicePrincipal("apigateway.amazonaws.com"),
      inlinePolicies: { write: new PolicyDocument({ statements: [write] }) },
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const account = new CfnAccount(this, "gateway", { cloudWatchRoleArn: role.roleArn });
    account.applyRemovalPolicy(RemovalPolicy.RETAIN);
  }
}
