import { Duration, Stack } from "aws-cdk-lib";
import {
  Alarm,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { FilterPattern, type LogGroup, MetricFilter } from "aws-cdk-lib/aws-logs";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Data } from "./data.ts";
import { functionName } from "./names.ts";
import { rowsOf } from "./route-table.ts";
import type { Stage } from "./stages.ts";

/** What is watched. */
type Watched = {
  data: Data;
  /** The REST APIs by name: Tencent's has no 5xx, its faults show in its log. */
  restApis: Record<string, string>;
  socketApiId: string;
  /** The functions' logs by API. */
  logs: Record<string, LogGroup>;
  /** Ids of the mappings that read the table's stream, by the function they call. */
  streamMappings: Record<string, string>;
};

const minutes = (count: number) => Duration.minutes(count);

/** Milliseconds by which a reader of the stream may lag: after that viewers see it. */
const iteratorAgeMax = 30_000;

/**
 * Posts of a minute that may be lost without anybody being told: a connection that hangs loses one
 * every two seconds until the gateway ends it, and what viewers miss they ask for again.
 */
const lostPostsMax = 100;

/** Alarms on what a person must look at, told to the stage's address; the same as a dashboard. */
export class Watch extends Stack {
  private readonly topic: Topic;
  private readonly stageName: string;
  private readonly metrics = new Map<string, IMetric>();

  constructor(scope: Construct, id: string, stage: Stage, watched: Watched) {
    super(scope, id);
    this.stageName = stage.name;
    this.topic = new Topic(this, "alarms", {
      topicName: `ovation-${stage.name}-alarms`,
      enforceSSL: true,
    });
    if (stage.alarmsAddress !== undefined)
      this.topic.addSubscription(new EmailSubscription(stage.alarmsAddress));
    this.watchReaders(watched);
    this.watchFaults(watched);
    this.watchPosts(watched);
    this.watchLimits(watched);
    const widgets = [...this.metrics].map(
      ([title, metric]) => new GraphWidget({ title, left: [metric], width: 8, height: 4 }),
    );
    new Dashboard(this, "dashboard", {
      dashboardName: `ovation-${stage.name}`,
      widgets: Array.from({ length: Math.ceil(widgets.length / 3) }, (_, row) =>
        widgets.slice(row * 3, row * 3 + 3),
      ),
    });
  }

  /** Readers that lag, and what they could not handle: in the bucket, parked, or dead letters. */
  private watchReaders({ data, logs, streamMappings }: Watched): void {
    for (const [name, mapping] of Object.entries(streamMappings)) {
      const FunctionName = functionName(this.stageName, name);
      const age = this.metric("AWS/Lambda", "IteratorAge", { FunctionName }, "Maximum");
      this.alarm(`${name} lags`, age, iteratorAgeMax, 3);
      const EventSourceMappingUUID = mapping;
      const given = { FunctionName, EventSourceMappingUUID };
      this.alarm(
        `${name} gave records up`,
        this.metric("AWS/Lambda", "OnFailureDestinationDeliveredEventCount", given),
      );
    }
    for (const [name, queue] of Object.entries(data.deadLetters)) {
      const { queueName: QueueName } = queue;
      const depth = this.metric(
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        { QueueName },
        "Maximum",
      );
      this.alarm(`${name} has dead letters`, depth);
    }
    const parked = FilterPattern.stringValue("$.message", "=", "*parked*");
    if (logs.realtime)
      this.alarm("records are parked", this.counted("parked", logs.realtime, parked));
  }

  /** Faults of ours: whatever was logged as an error, and 5xx of the gateways themselves. */
  private watchFaults({ restApis, socketApiId, logs }: Watched): void {
    const isError = FilterPattern.stringValue("$.level", "=", "ERROR");
    for (const [name, log] of Object.entries(logs))
      this.alarm(`${name} logs faults`, this.counted(`${name}-faults`, log, isError));
    for (const [name, ApiName] of Object.entries(restApis))
      this.alarm(`${name} answers 5xx`, this.metric("AWS/ApiGateway", "5XXError", { ApiName }));
    const sockets = { ApiId: socketApiId, Stage: "ws" };
    for (const error of ["IntegrationError", "ExecutionError"])
      this.alarm(`sockets: ${error}`, this.metric("AWS/ApiGateway", error, sockets));
    for (const { name } of [...rowsOf("reaction"), ...rowsOf("task")]) {
      const FunctionName = functionName(this.stageName, name);
      this.alarm(`${name} fails`, this.metric("AWS/Lambda", "Errors", { FunctionName }), 1, 3);
    }
  }

  /** Posts to viewers that had no answer: each line of the log says how many there were. */
  private watchPosts({ logs }: Watched): void {
    if (logs.realtime === undefined) return;
    const lost = FilterPattern.stringValue("$.message", "=", "Posts were lost");
    const metric = this.counted("lost-posts", logs.realtime, lost, "$.lost");
    this.alarm("posts are lost", metric, lostPostsMax);
  }

  /** Limits of the account that are reached. */
  private watchLimits({ data, streamMappings }: Watched): void {
    const { tableName: TableName } = data.table;
    for (const kind of ["ReadThrottleEvents", "WriteThrottleEvents"])
      this.alarm(`table: ${kind}`, this.metric("AWS/DynamoDB", kind, { TableName }), 10);
    const guards = rowsOf("guard").map(({ name }) => name);
    for (const name of [...guards, ...Object.keys(streamMappings)]) {
      const FunctionName = functionName(this.stageName, name);
      this.alarm(`${name} is throttled`, this.metric("AWS/Lambda", "Throttles", { FunctionName }));
    }
  }

  private metric(
    namespace: string,
    metricName: string,
    dimensionsMap: Record<string, string>,
    statistic = "Sum",
  ): Metric {
    return new Metric({ namespace, metricName, dimensionsMap, statistic, period: minutes(1) });
  }

  /** Lines of a log that match, or the sum of what they say at `metricValue`, as a metric. */
  private counted(
    name: string,
    logGroup: LogGroup,
    filterPattern: ReturnType<typeof FilterPattern.stringValue>,
    metricValue = "1",
  ) {
    const metricNamespace = `ovation/${this.stageName}`;
    new MetricFilter(this, `${name}-filter`, {
      logGroup,
      filterPattern,
      metricNamespace,
      metricName: name,
      metricValue,
    });
    return this.metric(metricNamespace, name, {});
  }

  /** An alarm when a metric reaches `threshold` for so many minutes on end; no data is no alarm. */
  private alarm(what: string, metric: Metric, threshold = 1, evaluationPeriods = 1): void {
    this.metrics.set(what, metric);
    const alarm = new Alarm(this, what.replace(/[^a-z0-9]+/gi, "-"), {
      alarmName: `ovation-${this.stageName}: ${what}`,
      metric,
      threshold,
      evaluationPeriods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }
}
