import { setting } from "./env.ts";
import { logMetrics } from "./log.ts";

/**
 * Our metrics with CloudWatch's units. Each metric is published where it can be counted exactly
 * once: settled gifts by the function that settles them.
 */
export const metrics = {
  /** Frames appended to logs. */
  FramesPut: "Count",
  /** From a frame's newest record, whose time is in whole seconds, to the end of its posts. */
  FrameDelay: "Milliseconds",
  /** Messages that connections accepted. */
  PostsSent: "Count",
  /** Messages for which no response arrived. */
  PostsLost: "Count",
  /** Messages that the gateway rejected with 429. */
  PostsLimited: "Count",
  /** Jobs that sent missed frames to a connection. */
  Resumes: "Count",
  /** Missed frames sent to connections. */
  ResumedFrames: "Count",
  /** Chat messages dropped from frames because of the post rate. */
  MessagesSkipped: "Count",
  /** From the creation of a frame to a relay's write to its sockets. */
  RelayDelay: "Milliseconds",
  /** Sockets held by relays. */
  RelaySockets: "Count",
  /** Relay connections that were closed because the client did not read. */
  SlowReadersDropped: "Count",
  /** Records of the table's stream that could not be pushed. */
  RecordsSkipped: "Count",
  /** Gifts and superlikes whose hosts were credited. */
  GiftsSettled: "Count",
  /** Credits paid to receivers. */
  CreditsSettled: "Count",
  /** The total debt of all wallets, once a minute. */
  CreditsOwed: "Count",
  /** Records that did not fit and wait for an operator. */
  RecordsParked: "Count",
  /** The difference between a log's sum for a moment and the stored items, when it was counted. */
  SumDrift: "Count",
  /** Deliveries to back ends that failed permanently. */
  DeliveriesFailed: "Count",
  /** Overdue pending deliveries that were queued again. */
  DeliveriesOverdue: "Count",
  /** Tokens that could not be verified because of a fault. */
  AuthorizerFaults: "Count",
  /** Tencent calls that failed, although HTTP says 200. */
  CommandFaults: "Count",
} as const satisfies Record<string, "Count" | "Milliseconds">;

export type MetricName = keyof typeof metrics;

/** The namespace of our metrics. The stage is the only dimension, to keep their number low. */
export const metricNamespace = "Ovation";

/** CloudWatch's maximum of values per metric and line; further values are dropped. */
const valuesMax = 100;

const sums = new Map<MetricName, number>();
const values = new Map<MetricName, number[]>();
/** Whether this process publishes from time to time instead of at the end of each event. */
let isGathering = false;

/** Adds to a count, which is published at the end of the event. */
export function countMetric(name: MetricName, by = 1): void {
  if (by !== 0) sums.set(name, (sums.get(name) ?? 0) + by);
}

/** Records one value, which may be zero; published at the end of the event. */
export function measureMetric(name: MetricName, value: number): void {
  const measured = values.get(name) ?? [];
  if (measured.length < valuesMax) measured.push(value);
  values.set(name, measured);
  if (isGathering && measured.length === valuesMax) publishMetrics();
}

/**
 * For a process that handles many events at a time, such as a relay, where a line for each event
 * would take a tenth of its CPU: from now on, metrics are published only by `publish` and when a
 * list of values is full. `stop` publishes the rest and restores normal publishing.
 */
export function gatherMetrics(): { publish(): void; stop(): void } {
  isGathering = true;
  return {
    publish: publishMetrics,
    stop() {
      isGathering = false;
      publishMetrics();
    },
  };
}

/**
 * Publishes the values recorded since the last call as one log line in CloudWatch's embedded metric
 * format; nothing if there are none. Values recorded after the end of an event are published with
 * the next one.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function publishMetrics(): void {
  const noted = { ...Object.fromEntries(sums), ...Object.fromEntries(values) };
  const names = Object.keys(noted) as MetricName[];
  if (names.length === 0) return;
  sums.clear();
  values.clear();
  const Metrics = names.map((Name) => ({ Name, Unit: metrics[Name] }));
  const directive = { Namespace: metricNamespace, Dimensions: [["stage"]], Metrics };
  const _aws = { Timestamp: Date.now(), CloudWatchMetrics: [directive] };
  logMetrics({ _aws, stage: setting("STAGE"), ...noted });
}

/**
 * Wraps a handler so that its metrics are published when it ends, even with an error, unless the
 * process gathers them.
 */
export const withMetrics =
  <Arguments extends unknown[], Answer>(handle: (...given: Arguments) => Promise<Answer>) =>
  async (...given: Arguments): Promise<Answer> => {
    try {
      return await handle(...given);
    } finally {
      if (!isGathering) publishMetrics();
    }
  };
