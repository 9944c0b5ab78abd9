import { Stack } from "aws-cdk-lib";
import { FilterPattern, type LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { QueueName } from "../platform/grants.ts";
import { dueIndex } from "../platform/table/keys.ts";
import { Alarms } from "./alarms.ts";
import type { Data } from "./data.ts";
import { functionName } from "./names.ts";
import { rowsOf } from "./route-table.ts";
import { placeOf, type Stage } from "./stages.ts";

/** What is watched. */
type Watched = {
  data: Data;
  httpApiName: string;
  /** Who called the Tencent APIs and how it ended: by HTTP, each of their calls is a success. */
  tencentAccessLogs: Record<"tencent" | "callback", LogGroup>;
  socketApiId: string;
  /** The functions' logs by API. */
  logs: Record<"http" | "tencent" | "realtime", LogGroup>;
  /** Ids of the mappings that read the table's stream, by the function they call. */
  streamMappings: Record<string, string>;
};

/** Milliseconds by which a reader of the stream may lag: after that viewers see it. */
const iteratorAgeMax = 30_000;

/**
 * Posts of a minute that may be lost without anybody being told: a connection that hangs loses one
 * every two seconds until the gateway ends it, and what viewers miss they ask for again.
 */
const lostPostsMax = 100;

/** Requests of a minute that the table may throttle: the SDK tries them again. */
const throttledMax = 10;

/** The share of the account's executions above which somebody has to ask AWS for more. */
const concurrencyShare = 0.8;

/** Seconds for which a message may wait; in `moments` they are sent up to 15 minutes ahead. */
const messageAgeMax: Record<QueueName, number> = {
  combos: 300,
  deliveries: 300,
  erasures: 300,
  moments: 1_800,
  notices: 300,
  notifications: 300,
  posts: 60,
  resumes: 120,
  retries: 1_800,
  rooms: 300,
  reversals: 60,
  users: 300,
};

/** Failures with which the gateway reports a function that was throttled, died or was late. */
const gatewayFailures = ["INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "API_CONFIGURATION_ERROR"];

/** Alarms on what a person must look at, told to the stage's address; the same as a dashboard. */
export class Watch extends Stack {
  private readonly alarms: Alarms;
  private readonly stage: Stage;

  constructor(scope: Construct, id: string, stage: Stage, watched: Watched) {
    super(scope, id, placeOf(stage));
    this.stage = stage;
    this.alarms = new Alarms(this, stage);
    this.watchReaders(watched);
    this.watchFaults(watched);
    this.watchPosts(watched);
    this.watchDebts(watched, stage.owedMax);
    this.watchLimits(watched);
    this.alarms.placeDashboard();
  }

  /** Readers that lag, and what they could not handle: in the bucket, parked, or dead letters. */
  private watchReaders({ data, logs, streamMappings }: Watched): void {
    for (const [name, EventSourceMappingUUID] of Object.entries(streamMappings)) {
      const age = this.ofFunction(name, "IteratorAge", "Maximum");
      this.alarms.lasts(`${name} lags`, age, iteratorAgeMax);
      // Metrics of a mapping know nothing of its function.
      // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
      const ofMapping = (metric: string) =>
        this.alarms.metric("AWS/Lambda", metric, { dimensions: { EventSourceMappingUUID } });
      const delivered = ofMapping("OnFailureDestinationDeliveredEventCount");
      this.alarms.happens(`${name} gave records up`, delivered);
      this.alarms.happens(`${name} dropped records`, ofMapping("DroppedEventCount"));
      const undelivered = this.ofFunction(name, "DestinationDeliveryFailures");
      this.alarms.happens(`${name} could not put records aside`, undelivered);
    }
    const ofQueue = (QueueName: string, metric: string) =>
      this.alarms.metric("AWS/SQS", metric, { dimensions: { QueueName }, statistic: "Maximum" });
    for (const [name, queue] of Object.entries(data.queues)) {
      const age = ofQueue(queue.queueName, "ApproximateAgeOfOldestMessage");
      this.alarms.lasts(`${name} wait`, age, messageAgeMax[name as QueueName]);
    }
    for (const [name, queue] of Object.entries(data.deadLetters)) {
      const depth = ofQueue(queue.queueName, "ApproximateNumberOfMessagesVisible");
      this.alarms.happens(`${name} has dead letters`, depth);
    }
    const failed = FilterPattern.stringValue("$.message", "=", "A delivery has failed");
    const gaveUp = this.alarms.counted("failed-deliveries", logs.realtime, failed);
    this.alarms.happens("deliveries fail", gaveUp);
    const parked = FilterPattern.stringValue("$.message", "=", "*parked*");
    const counted = this.alarms.counted("parked", logs.realtime, parked);
    this.alarms.happens("records are parked", counted);
  }

  /** Faults of ours: whatever was logged as an error, and what the gateways could not answer. */
  private watchFaults({ httpApiName, tencentAccessLogs, socketApiId, logs }: Watched): void {
    const isError = FilterPattern.stringValue("$.level", "=", "ERROR");
    for (const [name, log] of Object.entries(logs)) {
      const faults = this.alarms.counted(`${name}-faults`, log, isError);
      this.alarms.happens(`${name} logs faults`, faults);
    }
    const ofGateway = (metric: string, dimensions: Record<string, string>) =>
      this.alarms.metric("AWS/ApiGateway", metric, { dimensions });
    this.alarms.happens("http answers 5xx", ofGateway("5XXError", { ApiName: httpApiName }));
    const failed = FilterPattern.any(
      ...gatewayFailures.map((type) => FilterPattern.stringValue("$.failure", "=", type)),
    );
    for (const [name, accessLog] of Object.entries(tencentAccessLogs)) {
      const failures = this.alarms.counted(`${name}-failures`, accessLog, failed);
      this.alarms.happens(`${name} fails at the gateway`, failures);
    }
    for (const error of ["IntegrationError", "ExecutionError"]) {
      const errors = ofGateway(error, { ApiId: socketApiId, Stage: "ws" });
      this.alarms.happens(`sockets: ${error}`, errors);
    }
    for (const { name } of [...rowsOf("reaction"), ...rowsOf("task")])
      this.alarms.lasts(`${name} fails`, this.ofFunction(name, "Errors"));
  }

  /** Posts to viewers that had no answer: each line of the log says how many there were. */
  private watchPosts({ logs }: Watched): void {
    const lost = FilterPattern.stringValue("$.message", "=", "Posts were lost");
    const metric = this.alarms.counted("lost-posts", logs.realtime, lost, "$.lost");
    this.alarms.happens("posts are lost", metric, lostPostsMax);
  }

  /** What all wallets owe together: each minute a line of the log says how much it is. */
  private watchDebts({ logs }: Watched, owedMax: number): void {
    const said = FilterPattern.stringValue("$.message", "=", "Credits are owed");
    const owed = this.alarms.counted("owed", logs.realtime, said, "$.owed");
    this.alarms.happens("credits are owed", owed.with({ statistic: "Maximum" }), owedMax);
  }

  /** Limits of the account that are reached. */
  private watchLimits({ data, streamMappings }: Watched): void {
    const { tableName: TableName } = data.table;
    const index = { TableName, GlobalSecondaryIndexName: dueIndex.name };
    for (const kind of ["ReadThrottleEvents", "WriteThrottleEvents"])
      for (const [what, dimensions] of [
        ["table", { TableName }] as const,
        ["index", index] as const,
      ]) {
        const events = this.alarms.metric("AWS/DynamoDB", kind, { dimensions });
        this.alarms.lasts(`${what}: ${kind}`, events, throttledMax);
      }
    const authorizers = rowsOf("authorizer").map(({ name }) => name);
    const kept = Object.keys(this.stage.reservedConcurrency);
    for (const name of new Set([...authorizers, ...Object.keys(streamMappings), ...kept]))
      this.alarms.lasts(`${name} is throttled`, this.ofFunction(name, "Throttles"));
    // Of all other functions together: what is not reserved they share.
    const throttles = this.alarms.metric("AWS/Lambda", "Throttles", {});
    this.alarms.lasts("functions are throttled", throttles);
    const running = this.alarms.metric("AWS/Lambda", "ConcurrentExecutions", {
      statistic: "Maximum",
    });
    const most = this.stage.accountConcurrency * concurrencyShare;
    this.alarms.lasts("the account's executions run out", running, most);
  }

  private ofFunction(name: string, metric: string, statistic: "Sum" | "Maximum" = "Sum") {
    const dimensions = { FunctionName: functionName(this.stage.name, name) };
    return this.alarms.metric("AWS/Lambda", metric, { dimensions, statistic });
  }
}
