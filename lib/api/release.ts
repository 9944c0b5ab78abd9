import { Aws, Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import {
  LambdaApplication,
  LambdaDeploymentConfig,
  LambdaDeploymentGroup,
} from "aws-cdk-lib/aws-codedeploy";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Alias, type IVersion, type Function as Lambda } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { functionName } from "../stages/names.ts";
import type { FunctionName } from "../stages/route-table.ts";
import type { Stage } from "../stages/stages.ts";
import { aliasName } from "./gateway.ts";

/** Failures of the API in a minute at which a new version is taken back. */
const failuresMax = 5;

/**
 * New versions of the stage's `canaries` take a tenth of the calls for five minutes and then all of
 * them; when the API fails meanwhile, the old ones have all again and the deployment is undone.
 * Everything in `waiting` is changed after that: a fault of what all functions share stops at those
 * few. Few, since each is a deployment of CodeDeploy's, and dozens of them at once run into the
 * rates of its and Lambda's own API (docs/decisions/deployments.md).
 * https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
 */
export function placeCanaries(
  scope: Construct,
  stage: Stage,
  apiName: string,
  functions: ReadonlyMap<FunctionName, Lambda>,
  waiting: readonly Construct[] = [],
): void {
  if (stage.canaries.length === 0) return;
  const application = new LambdaApplication(scope, "canaries");
  const role = deploymentRole(scope, stage);
  const alarm = failureAlarm(scope, stage, apiName);
  const aliases = stage.canaries.map((name) => {
    const target = functions.get(name);
    if (target === undefined) throw new Error(`${name} is no function of the HTTP API`);
    // A version has the settings of its time, and those that are parameters are not in its hash.
    target.invalidateVersionBasedOn(JSON.stringify(stage.issuer ?? "pool"));
    const flat = name.replaceAll("/", "-");
    const version = target.currentVersion as IVersion;
    const alias = new Alias(scope, `${flat}-alias`, { aliasName, version });
    new LambdaDeploymentGroup(scope, `${flat}-canary`, {
      application,
      alias,
      role,
      deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
      alarms: [alarm],
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
    });
    return alias;
  });
  const canaries: ReadonlySet<string> = new Set(stage.canaries);
  const others = [...functions].filter(([name]) => !canaries.has(name)).map(([, one]) => one);
  for (const later of [...others, ...waiting]) later.node.addDependency(...aliases);
}

/** Shifts aliases of the stage's functions and looks at alarms: less than AWS's managed policy. */
function deploymentRole(scope: Construct, stage: Stage) {
  const functions = `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:function:${functionName(stage.name, "*")}`;
  const statements = [
    new PolicyStatement({
      actions: ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
      resources: [functions],
    }),
    new PolicyStatement({ actions: ["cloudwatch:DescribeAlarms"], resources: ["*"] }),
  ];
  const role = new Role(scope, "canary-role", {
    assumedBy: new ServicePrincipal("codedeploy.amazonaws.com"),
    inlinePolicies: { shift: new PolicyDocument({ statements }) },
  });
  // A deployment group would add the managed policy.
  return role.withoutPolicyUpdates();
}

function failureAlarm(scope: Construct, stage: Stage, ApiName: string): Alarm {
  return new Alarm(scope, "canary-failures", {
    alarmName: `ovation-${stage.name}-release`,
    alarmDescription: "The HTTP API fails: a deployment that is under way is undone",
    metric: new Metric({
      namespace: "AWS/ApiGateway",
      metricName: "5XXError",
      dimensionsMap: { ApiName },
      statistic: "Sum",
      period: Duration.minutes(1),
    }),
    threshold: failuresMax,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
