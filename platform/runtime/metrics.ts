import { setting } from "./env.ts";
import { logMetrics } from "./log.ts";

/**
 * Our metrics, with CloudWatch's unit. Each is published by the function that can count it best:
 * settled gifts by the function that settles, not by the many calls that send them.
 */
export const metrics = {
  /** Frames added to streams' logs. */
  FramesPut: "Count",
  /** From a frame's newest record to the end of its posts; the record's time is in seconds. */
  FrameDelay: "Milliseconds",
  /** Messages that connections accepted. */
  PostsSent: "Count",
  /** Messages sent without a response. */
  PostsLost: "Count",
  /** Messages that the gateway refused with 429. */
  PostsLimited: "Count",
  /** Turns in which connections were sent missed frames. */
  Resumes: "Count",
  /** Missed frames sent to connections. */
  ResumedFrames: "Count",
  /** Chat messages dropped from frames because of the post rate. */
  MessagesSkipped: "Count",
  /** From the making of a frame until a relay has written it. */
  RelayDelay: "Milliseconds",
  /** Sockets that a relay holds. */
  RelaySockets: "Count",
  /** Connections of relays that were dropped because their clients did not read. */
  SlowReadersDropped: "Count",
  /** Records of the table's stream that could not be shown. */
  RecordsSkipped: "Count",
  /** Gifts and superlikes whose hosts were credited. */
  GiftsSettled: "Count",
  /** Credits that receivers were credited. */
  CreditsSettled: "Count",
  /** The total debt of all wallets, once a minute. */
  CreditsOwed: "Count",
  /** Records that did not fit and wait for an operator. */
  RecordsParked: "Count",
  /** The difference between a log's sum of a moment and the stored items, when it was counted. */
  SumDrift: "Count",
  /** Deliveries to back ends that failed permanently. */
  DeliveriesFailed: "Count",
  /** Overdue pending deliveries that were sent again. */
  DeliveriesOverdue: "Count",
  /** Tokens that could not be verified because of a fault. */
  AuthorizerFaults: "Count",
  /** Tencent calls that failed, although HTTP says 200. */
  CommandFaults: "Count",
} as const satisfies Record<string, "Count" | "Milliseconds">;

export type MetricName = keyof typeof metrics;

/** The namespace of our metrics; the stage is their only dimension, which keeps them few. */
export const metricNamespace = "Ovation";

/** CloudWatch accepts this many values of a metric in one line; further ones are dropped. */
const valuesMax = 100;

const sums = new Map<MetricName, number>();
const values = new Map<MetricName, number[]>();

/** Adds to a sum that is published at the end of the event. */
export function countMetric(name: MetricName, by = 1): void {
  if (by !== 0) sums.set(name, (sums.get(name) ?? 0) + by);
}

/** Records one value, even zero; it is published at the end of the event. */
export function measureMetric(name: MetricName, value: number): void {
  const measured = values.get(name) ?? [];
  if (measured.length < valuesMax) measured.push(value);
  values.set(name, measured);
}

/**
 * Publishes the values recorded since the last time as one log line in CloudWatch's embedded metric
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

/** A handler whose metrics are published when it ends, even with an error. */
export const withMetrics =
  <Given extends unknown[], Answer>(handle: (...given: Given) => Promise<Answer>) =>
  async (...given: Given): Promise<Answer> => {
    try {
      return await handle(...given);
    } finally {
      publishMetrics();
    }
  };
