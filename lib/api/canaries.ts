import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import {
  LambdaApplication,
  LambdaDeploymentConfig,
  LambdaDeploymentGroup,
} from "aws-cdk-lib/aws-codedeploy";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Alias, type IVersion, type Function as Lambda } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { issuerKnownTo } from "../compute/environment.ts";
import { flatName, functionName } from "../stages/names.ts";
import { type FunctionName, rows } from "../stages/route-table.ts";
import type { Stage } from "../stages/stages.ts";
import { aliasName, functionArn } from "./gateway.ts";

/** Failures of a new version in one minute that cause a rollback. */
const failuresMax = 2;

/** Our functions' metric of logged faults, by version (platform/runtime/log.ts). */
const versionMetric = { namespace: "Ovation", metricName: "Faults" };

/**
 * New versions of the stage's `canaries` among a stack's `functions` get a tenth of the calls for
 * five minutes and then all of them; if the new version fails meanwhile, the old one gets all calls
 * again and the deployment is rolled back. The alarms watch only the new version, so existing
 * failures do not block a deployment. Everything in `waiting` and the other functions change after
 * that: a fault in shared code stops at these few. There are few, since each is a CodeDeploy
 * deployment, and dozens at once would exceed the rates of its API and Lambda's
 * (docs/decisions/deployments.md). If the stage `deploysAtOnce`, all calls go to the new version
 * and no alarm is checked.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
 */
export function addCanaries(
  scope: Construct,
  stage: Stage,
  functions: ReadonlyMap<FunctionName, Lambda>,
  waiting: readonly Construct[] = [],
): void {
  const canaries = rows.flatMap(({ name, contract }) => {
    const target = functions.get(name);
    return target && stage.canaries.includes(name) ? [{ name, contract, target }] : [];
  });
  if (canaries.length === 0) return;
  const application = new LambdaApplication(scope, "canaries");
  const role = deploymentRole(scope, stage);
  const aliases = canaries.map(({ name, contract, target }) => {
    // A version keeps its settings, but CDK's hash omits those that are parameters. They are added
    // only for functions that have them, since Lambda refuses a new version without a change.
    const known = issuerKnownTo(contract, stage);
    if (known.length > 0) target.invalidateVersionBasedOn(JSON.stringify(known));
    const flat = flatName(name);
    const version = target.currentVersion as IVersion;
    const alias = new Alias(scope, `${flat}-alias`, { aliasName, version });
    // A function that is removed from `canaries` is called by its alias until the gateway's stack
    // is deployed.
    alias.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    const alarms = failureAlarms(scope, stage, name, version);
    const group = new LambdaDeploymentGroup(scope, `${flat}-canary`, {
      application,
      alias,
      role,
      autoRollback: {
        failedDeployment: true,
        stoppedDeployment: true,
        deploymentInAlarm: !stage.deploysAtOnce,
      },
      deploymentConfig: stage.deploysAtOnce
        ? LambdaDeploymentConfig.ALL_AT_ONCE
        : LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
      // Ignored, not left out: without a list, CodeDeploy would keep the previous version's alarms.
      alarms,
      ignoreAlarmConfiguration: stage.deploysAtOnce === true,
    });
    // The shifting of calls must be configured before it starts.
    alias.node.addDependency(...alarms, group);
    return alias;
  });
  const others = [...functions].filter(([name]) => !stage.canaries.includes(name));
  for (const later of [...others.map(([, one]) => one), ...waiting])
    later.node.addDependency(...aliases);
}

/** Shifts the aliases of the stage's functions and reads alarms: less than AWS's managed policy. */
function deploymentRole(scope: Construct, stage: Stage) {
  const statements = [
    new PolicyStatement({
      actions: ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
      resources: [functionArn(stage, "*")],
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
 * The failures of a function's new version: an error counted by Lambda, or a fault that it logged,
 * whatever its response. The alarms' names contain the version's number, so each version has its
 * own alarms, and none inherits the previous version's state.
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
        alarmDescription: "The new version fails: a deployment in progress is rolled back",
        metric: new Metric({ ...metric, statistic: "Sum", period: Duration.minutes(1) }),
        threshold: failuresMax,
        evaluationPeriods: 1,
        datapointsToAlarm: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
  );
}
