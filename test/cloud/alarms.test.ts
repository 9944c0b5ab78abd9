import { describe, expect, test } from "@jest/globals";
import { functionName } from "../../lib/stages/names.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { stageNamed } from "../../lib/stages/stages.ts";
import { readPattern } from "../../local/assembly/alarms.ts";
import { createMetrics } from "../../local/monitoring/metrics.ts";
import { alarmOf, flat, resourcesOf, templatesOf, theResource } from "./templates.ts";

type Dimension = { Name: string; Value: unknown };

const all = {
  dev: await templatesOf({ stage: "dev" }),
  prod: await templatesOf({ stage: "prod" }),
};

describe.each(["dev", "prod"] as const)("the alarms of %s", (stage) => {
  const templates = all[stage];
  const alarms = resourcesOf(templates, "AWS::CloudWatch::Alarm", "watch").map(alarmOf);
  /** The alarms on a metric, by the values of their dimensions. */
  const on = (metric: string) =>
    alarms
      .filter(({ MetricName }) => MetricName === metric)
      .map(({ Dimensions = [] }) =>
        Object.fromEntries(
          (Dimensions as Dimension[]).map(({ Name, Value }) => [Name, flat(Value)]),
        ),
      );
  const names = (...rows: string[]) =>
    rows.map((name) => ({ FunctionName: functionName(stage, name) }));
  const mapping = { EventSourceMappingUUID: expect.any(String) };

  test("arrive: CloudWatch may publish to their topic, only for this account's alarms", () => {
    const policy = theResource(templates, "AWS::SNS::TopicPolicy", "watch").Properties;
    const statements = policy.PolicyDocument.Statement as Record<string, unknown>[];
    const allowed = statements.filter(({ Effect }) => Effect === "Allow");
    expect(allowed).toEqual([
      ...["cloudwatch", "budgets"].map((service) =>
        expect.objectContaining({
          Action: "sns:Publish",
          Principal: { Service: `${service}.amazonaws.com` },
          Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
        }),
      ),
    ]);
    // Our policy replaces the topic's default one, so it must allow CloudWatch explicitly.
    for (const { AlarmActions } of alarms) expect(AlarmActions).toEqual(policy.Topics);
    const mails = resourcesOf(templates, "AWS::SNS::Subscription", "watch");
    expect(mails.map(({ Properties }) => Properties.Endpoint)).toEqual(
      stage === "prod" ? ["alarms@ovation.example"] : [],
    );
  });

  test("identify a reader of the stream by the dimensions of Lambda's metrics", () => {
    for (const metric of ["OnFailureDestinationDeliveredEventCount", "DroppedEventCount"])
      expect(on(metric)).toEqual([mapping, mapping]);
    // Lambda publishes both only for mappings that ask for them.
    for (const { Properties } of resourcesOf(templates, "AWS::Lambda::EventSourceMapping"))
      if (Properties.StartingPosition !== undefined)
        expect(Properties.MetricsConfig).toEqual({ Metrics: ["EventCount"] });
    const readers = ["realtime/fan-out", "money/settle"];
    for (const metric of ["IteratorAge", "DestinationDeliveryFailures"])
      expect(new Set(on(metric))).toEqual(new Set(names(...readers)));
  });

  test("distinguish the index from its table when either is throttled", () => {
    const table = { TableName: expect.any(String) };
    for (const metric of ["ReadThrottleEvents", "WriteThrottleEvents"])
      expect(on(metric)).toEqual([table, { ...table, GlobalSecondaryIndexName: "due" }]);
  });

  test("fire for failed Tencent calls, although each is HTTP 200", () => {
    const filters = resourcesOf(templates, "AWS::Logs::MetricFilter", "watch").filter(
      ({ Properties }) => /failure/.test(Properties.FilterPattern),
    );
    // The API of commands, and the API of callbacks.
    expect(filters.length).toBe(2);
    for (const { Properties } of filters) {
      for (const type of ["INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "API_CONFIGURATION_ERROR"])
        expect(Properties.FilterPattern).toContain(`($.failure = "${type}")`);
      expect(flat(Properties.LogGroupName)).toMatch(/^\/ovation\/\w+\/tencent(-callback)?-access$/);
      expect(on(Properties.MetricTransformations[0].MetricName)).toEqual([{}]);
    }
    // Its gateway never returns 5xx, so an alarm on them would never fire.
    const others = ["http", "pictures"];
    expect(on("5XXError")).toEqual(others.map((name) => ({ ApiName: `ovation-${stage}-${name}` })));
    const apis = resourcesOf(templates, "AWS::ApiGateway::RestApi").map(
      ({ Properties }) => Properties.Name,
    );
    expect(apis.sort()).toEqual(
      [...others, "tencent", "tencent-callback"].map((name) => `ovation-${stage}-${name}`),
    );
    for (const { Properties } of resourcesOf(templates, "AWS::ApiGateway::Stage", "tencent")) {
      const { failure } = JSON.parse(Properties.AccessLogSetting.Format);
      expect(failure).toBe("$context.error.responseType");
    }
  });

  test("fire for what functions log or throw, except a refused token at the sockets", () => {
    const [filter] = resourcesOf(templates, "AWS::Logs::MetricFilter", "watch").filter(
      ({ Properties }) => flat(Properties.LogGroupName) === `/ovation/${stage}/realtime`,
    );
    const metric = { namespace: "Ovation", name: "faults", dimensions: {} };
    const wanted = readPattern(filter!.Properties.FilterPattern);
    const metrics = createMetrics(() => [{ logGroup: "realtime", wanted, metric }]);
    const count = (line: object) => {
      metrics.reset();
      metrics.line("realtime", JSON.stringify(line), "stdout");
      return metrics.minutes(metric, 1)[0]?.sum ?? 0;
    };
    // As Lambda's runtime logs an error that a function throws, in its JSON format.
    const thrown = (errorMessage: string) => ({
      timestamp: "2026-11-25T09:00:00.000Z",
      level: "ERROR",
      requestId: "1",
      message: { errorType: "Error", errorMessage, stackTrace: ["Error", "at handler"] },
    });
    expect(count(thrown("Unauthorized"))).toBe(0);
    expect(count(thrown("The token cannot be judged now"))).toBe(1);
    expect(count({ level: "ERROR", message: "An authorizer failed", error: {} })).toBe(1);
    expect(count({ level: "INFO", message: "Metrics" })).toBe(0);
  });

  test("fire for waiting messages of each queue, and for dead letters", () => {
    const queues = resourcesOf(templates, "AWS::SQS::Queue", "data").length;
    expect(on("ApproximateAgeOfOldestMessage").length).toBe(queues / 2);
    expect(on("ApproximateNumberOfMessagesVisible").length).toBe(queues / 2);
  });

  test("fire for throttled functions, and before the account's concurrency is used up", () => {
    const guarded = ["auth/http", "auth/socket", "realtime/fan-out", "money/settle"];
    const kept = Object.keys(stageNamed(stage).reservedConcurrency);
    const watched = [...new Set([...guarded, ...kept])];
    expect(on("Throttles")).toEqual(expect.arrayContaining([{}, ...names(...watched)]));
    expect(on("Throttles").length).toBe(watched.length + 1);
    const [account] = alarms.filter(({ MetricName }) => MetricName === "ConcurrentExecutions");
    expect(account).toMatchObject({ Statistic: "Maximum", Threshold: 800 });
    expect(account?.Dimensions).toBeUndefined();
  });

  test("fire for each asynchronous function that fails", () => {
    const alone = [...rowsOf("consumer"), ...rowsOf("task")].map(({ name }) => name);
    expect(on("Errors")).toEqual([{}, ...names(...alone)]);
  });

  test("do not flap: states must last minutes, events fire once a quarter of an hour", () => {
    for (const {
      AlarmName,
      Period,
      EvaluationPeriods,
      DatapointsToAlarm,
      TreatMissingData,
    } of alarms) {
      if (TreatMissingData === "breaching") continue;
      const window = `${DatapointsToAlarm} of ${EvaluationPeriods} x ${Period} s`;
      expect([AlarmName, window]).toEqual([
        AlarmName,
        expect.stringMatching(/^(3 of 5|1 of 15) x 60 s$/),
      ]);
      expect([AlarmName, TreatMissingData]).toEqual([AlarmName, "notBreaching"]);
    }
  });
});
