import { describe, expect, test } from "@jest/globals";
import { type AlarmKind, alarmKinds } from "../../lib/watch/alarm-list.ts";
import { metrics } from "../../platform/runtime/metrics.ts";
import { alarmOf, flat, resourcesOf, templatesOf } from "./templates.ts";

/*
 * AWS's metrics that alarms look at, each with the sets of dimensions by which AWS publishes it: an
 * alarm with another name or dimension never fires, and only this test would notice.
 */
const lambdaMetrics = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html";
const sqsMetrics =
  "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html";
const tableMetrics =
  "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html";
const restMetrics =
  "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html";
const socketMetrics =
  "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html";

type Documented = { dimensions: string[][]; source: string };
const ofFunction = { dimensions: [[], ["FunctionName"]], source: lambdaMetrics };
const ofMapping = { dimensions: [["EventSourceMappingUUID"]], source: lambdaMetrics };
const ofQueue = { dimensions: [["QueueName"]], source: sqsMetrics };
const ofTable = {
  dimensions: [["TableName"], ["GlobalSecondaryIndexName", "TableName"]],
  source: tableMetrics,
};
const ofSockets = { dimensions: [["ApiId", "Stage"]], source: socketMetrics };
const ofVault = {
  dimensions: [["BackupVaultName"]],
  source: "https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html",
};

const documented: Record<string, Documented> = {
  "AWS/Lambda Errors": ofFunction,
  "AWS/Lambda Throttles": ofFunction,
  "AWS/Lambda ConcurrentExecutions": ofFunction,
  "AWS/Lambda IteratorAge": { dimensions: [["FunctionName"]], source: lambdaMetrics },
  "AWS/Lambda DestinationDeliveryFailures": {
    dimensions: [["FunctionName"]],
    source: lambdaMetrics,
  },
  "AWS/Lambda OnFailureDestinationDeliveredEventCount": ofMapping,
  "AWS/Lambda DroppedEventCount": ofMapping,
  "AWS/SQS ApproximateAgeOfOldestMessage": ofQueue,
  "AWS/SQS ApproximateNumberOfMessagesVisible": ofQueue,
  "AWS/DynamoDB ReadThrottleEvents": ofTable,
  "AWS/DynamoDB WriteThrottleEvents": ofTable,
  "AWS/Backup NumberOfBackupJobsFailed": ofVault,
  "AWS/Backup NumberOfBackupJobsCompleted": ofVault,
  "AWS/ApiGateway 5XXError": { dimensions: [["ApiName"]], source: restMetrics },
  "AWS/ApiGateway IntegrationError": ofSockets,
  "AWS/ApiGateway ExecutionError": ofSockets,
};

const all = {
  dev: await templatesOf({ stage: "dev" }),
  prod: await templatesOf({ stage: "prod" }),
};

describe.each(["dev", "prod"] as const)("the alarm list in %s", (stage) => {
  const templates = all[stage];
  const alarms = resourcesOf(templates, "AWS::CloudWatch::Alarm", "watch").map(alarmOf);
  const dimensionsOf = ({ Dimensions = [] }: { Dimensions?: { Name: string }[] }) =>
    Dimensions.map(({ Name }) => Name).sort();

  test("uses AWS's metrics with the names and dimensions that AWS publishes", () => {
    const ofAws = alarms.filter(({ Namespace }) => Namespace.startsWith("AWS/"));
    expect(ofAws.length).toBeGreaterThan(50);
    const found = new Set<string>();
    for (const alarm of ofAws) {
      const name = `${alarm.Namespace} ${alarm.MetricName}`;
      found.add(name);
      expect([name, documented[name]?.dimensions ?? []]).toEqual([
        name,
        expect.arrayContaining([dimensionsOf(alarm)]),
      ]);
    }
    const isHere = (name: string) => stage === "prod" || !name.startsWith("AWS/Backup ");
    expect([...found].sort()).toEqual(Object.keys(documented).filter(isHere).sort());
  });

  // AWS: alarms on these ignore missing data "even if you choose a different option".
  test("fills the gaps of DynamoDB's metrics, or an alarm would never end", () => {
    const filled = alarms.filter(({ Expression }) => Expression === "FILL(m1, 0)");
    expect(filled.map(({ AlarmName }) => AlarmName)).toEqual(
      alarms.filter(({ Namespace }) => Namespace === "AWS/DynamoDB").map((one) => one.AlarmName),
    );
    expect(filled.length).toBe(4);
  });

  test("asks for the statistic that its threshold is about: a state's highest value, a rate's sum", () => {
    // A sum of these grows with the number of reports in a minute.
    const states = /^(IteratorAge|Approximate\w+|ConcurrentExecutions|CreditsOwed)$/;
    for (const { AlarmName, MetricName, Statistic, ExtendedStatistic } of alarms) {
      const wanted =
        MetricName === "FrameDelay" ? "p90" : states.test(MetricName) ? "Maximum" : "Sum";
      expect([AlarmName, Statistic ?? ExtendedStatistic]).toEqual([AlarmName, wanted]);
    }
  });

  test("uses our own metrics as they are published: of this stage, in their namespace", () => {
    const own = alarms.filter(({ Namespace }) => Namespace === "Ovation");
    const wanted = Object.values<AlarmKind>(alarmKinds).flatMap((kind) =>
      // The relay's own metrics are exempt, since neither stage has a relay.
      "own" in kind && kind.of === undefined ? [kind.own] : [],
    );
    expect(own.map(({ MetricName }) => MetricName).sort()).toEqual(wanted.sort());
    for (const { Dimensions } of own) expect(Dimensions).toEqual([{ Name: "stage", Value: stage }]);
  });

  test("counts log lines into the metrics that its alarms watch", () => {
    const filters = resourcesOf(templates, "AWS::Logs::MetricFilter", "watch").flatMap(
      ({ Properties }) => Properties.MetricTransformations,
    );
    const looked = alarms.filter(({ Namespace }) => Namespace === `Ovation/${stage}`);
    const nameOf = (one: Record<string, string>) =>
      `${one.Namespace ?? one.MetricNamespace} ${one.MetricName}`;
    expect(looked.map(nameOf).sort()).toEqual(filters.map(nameOf).sort());
    // One fault log for each log of functions, and the access logs of Tencent's two APIs.
    const logs = new Set(
      Object.values(templates)
        .flatMap((resources) => Object.values(resources))
        .filter(({ Type, Properties }) => Type === "AWS::Logs::LogGroup" && Properties)
        .map(({ Properties }) => flat(Properties.LogGroupName))
        .filter((name) => !name.endsWith("-access")),
    );
    expect(looked.length).toBe(logs.size + 2);
    const counted = resourcesOf(templates, "AWS::Logs::MetricFilter", "watch");
    for (const name of logs)
      expect(counted.map(({ Properties }) => flat(Properties.LogGroupName))).toContain(name);
  });

  test("has a meaning and a runbook entry in each alarm's mail", () => {
    const entries = Object.keys(alarmKinds);
    for (const { AlarmName, AlarmDescription } of alarms) {
      const [, entry = ""] = /\. What to do: docs\/runbook\.md#([a-z0-9-]+)$/.exec(
        AlarmDescription,
      ) ?? [undefined, "none"];
      expect([AlarmName, entries]).toEqual([AlarmName, expect.arrayContaining([entry])]);
    }
  });

  test("has a dashboard with every one of our metrics and every subject of the contracts", () => {
    const [dashboard] = resourcesOf(templates, "AWS::CloudWatch::Dashboard", "watch");
    const text = JSON.stringify(dashboard?.Properties.DashboardBody);
    // Neither stage has a relay.
    const ofRelays = ["RelayDelay", "RelaySockets", "SlowReadersDropped"];
    const expected = Object.keys(metrics).filter((name) => !ofRelays.includes(name));
    for (const name of expected) expect(text).toContain(`\\"Ovation\\",\\"${name}\\"`);
    for (const name of ["gifts-create", "realtime-fan-out", "auth-http", "tencent-gifts-send"])
      expect(text).toContain(`ovation-${stage}-${name}`);
    expect(resourcesOf(templates, "AWS::CloudWatch::Dashboard").length).toBe(1);
  });

  test("has a budget that notifies the alarms' address", () => {
    const [budget] = resourcesOf(templates, "AWS::Budgets::Budget", "watch");
    const { Budget, NotificationsWithSubscribers: told } = budget!.Properties;
    expect(Budget).toMatchObject({
      BudgetType: "COST",
      TimeUnit: "MONTHLY",
      BudgetLimit: { Amount: stage === "prod" ? 2_000 : 50, Unit: "USD" },
    });
    const [policy] = resourcesOf(templates, "AWS::SNS::TopicPolicy", "watch");
    for (const { Subscribers } of told)
      expect(Subscribers).toEqual([
        { SubscriptionType: "SNS", Address: policy!.Properties.Topics[0] },
      ]);
    // In time to act: before the month's amount is spent, and as soon as a month would exceed it.
    expect(told.map(({ Notification }: { Notification: object }) => Notification)).toMatchObject([
      { NotificationType: "ACTUAL", Threshold: 80, ThresholdType: "PERCENTAGE" },
      { NotificationType: "FORECASTED", Threshold: 100, ThresholdType: "PERCENTAGE" },
    ]);
  });

  test("makes Lambda log warnings, and not two lines for each call", () => {
    for (const { Properties } of resourcesOf(templates, "AWS::Lambda::Function"))
      if (Properties.FunctionName)
        expect([Properties.FunctionName, Properties.LoggingConfig]).toEqual([
          Properties.FunctionName,
          expect.objectContaining({
            LogFormat: "JSON",
            SystemLogLevel: "WARN",
            ApplicationLogLevel: "INFO",
          }),
        ]);
  });
});
