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
import { flatName, functionName } from "../stages/names.ts";
import type { FunctionName } from "../stages/route-table.ts";
import type { Stage } from "../stages/stages.ts";
import { aliasName } from "./gateway.ts";

/** Failures of a new version in a minute at which it is taken back. */
const failuresMax = 2;

/** How our functions count the faults that they log, by version (platform/runtime/log.ts). */
const versionMetric = { namespace: "Ovation", metricName: "Faults" };

/**
 * New versions of the stage's `canaries` among a stack's `functions` take a tenth of the calls for
 * five minutes and then all of them; when the new version fails meanwhile, the old one has all
 * again and the deployment is undone. The alarms look at the new version alone, so nothing that
 * fails already keeps a deployment from beginning. Everything in `waiting` and the other functions are
 * changed after that: a fault of what all share stops at those few. Few, since each is a deployment
 * of CodeDeploy's, and dozens of them at once run into the rates of its and Lambda's own API
 * (docs/decisions/deployments.md). Where the stage `deploysAtOnce`, all calls go to the new version
 * and no alarm is asked.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
 */
export function placeCanaries(
  scope: Construct,
  stage: Stage,
  functions: ReadonlyMap<FunctionName, Lambda>,
  waiting: readonly Construct[] = [],
): void {
  const canaries = [...functions].filter(([name]) => stage.canaries.includes(name));
  if (canaries.length === 0) return;
  const application = new LambdaApplication(scope, "canaries");
  const role = deploymentRole(scope, stage);
  const aliases = canaries.map(([name, target]) => {
    // A version has the settings of its time, and those that are parameters are not in its hash.
    target.invalidateVersionBasedOn(JSON.stringify(stage.issuer ?? "pool"));
    const flat = flatName(name);
    const version = target.currentVersion as IVersion;
    const alias = new Alias(scope, `${flat}-alias`, { aliasName, version });
    const alarms = failureAlarms(scope, stage, name, version);
    const group = new LambdaDeploymentGroup(scope, `${flat}-canary`, {
      ...{ application, alias, role },
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
      ...(stage.deploysAtOnce
        ? {
            deploymentConfig: LambdaDeploymentConfig.ALL_AT_ONCE,
            autoRollback: { failedDeployment: true, stoppedDeployment: true },
          }
        : { deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES, alarms }),
    });
    // How calls are shifted has to be known before they are.
    alias.node.addDependency(...alarms, group);
    return alias;
  });
  const others = [...functions].filter(([name]) => !stage.canaries.includes(name));
  for (const later of [...others.map(([, one]) => one), ...waiting])
    later.node.addDependency(...aliases);
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

/**
 * What the new version of a function fails by: an error that Lambda counts, or a fault that it
 * logged, whatever it answered. Their names have the version's number, so each version has alarms of
 * its own, and none begins with what the one before it did.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
function failureAlarms(scope: Construct, stage: Stage, name: FunctionName, version: IVersion) {
  const FunctionName = functionName(stage.name, name);
  const lambda = { namespace: "AWS/Lambda", metricName: "Errors" };
  const Resource = `${FunctionName}:${aliasName}`;
  const kinds = {
    errors: {
      ...lambda,
      dimensionsMap: { FunctionName, Resource, ExecutedVersion: version.version },
    },
    faults: { ...versionMetric, dimensionsMap: { FunctionName, ExecutedVersion: version.version } },
  };
  return Object.entries(kinds).map(
    ([kind, metric]) =>
      new Alarm(scope, `${flatName(name)}-canary-${kind}`, {
        alarmName: `ovation-${stage.name}-release: ${name} ${version.version} ${kind}`,
        alarmDescription: "The new version fails: a deployment that is under way is undone",
        metric: new Metric({ ...metric, statistic: "Sum", period: Duration.minutes(1) }),
        threshold: failuresMax,
        evaluationPeriods: 1,
        datapointsToAlarm: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
  );
}
