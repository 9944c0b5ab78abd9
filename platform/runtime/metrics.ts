import { setting } from "./env.ts";
import { logMetrics } from "./log.ts";

/**
 * Every metric of ours, with CloudWatch's unit. Each is published by the function that knows it
 * best: settled gifts by the function that settles, not by the many calls that send them.
 */
export const metrics = {
  /** Frames that were put into streams' logs. */
  FramesPut: "Count",
  /** From a frame's newest record to the end of its posting; the record's time is in seconds. */
  FrameDelay: "Milliseconds",
  /** Messages that connections took. */
  PostsSent: "Count",
  /** Messages that left without an answer. */
  PostsLost: "Count",
  /** Messages that the gateway refused with 429. */
  PostsLimited: "Count",
  /** Turns of connections that were sent what they had missed. */
  Resumes: "Count",
  /** Missed frames that connections were sent. */
  ResumedFrames: "Count",
  /** Chat messages that the post rate left out of frames. */
  MessagesSkipped: "Count",
  /** From a frame's making to the end of its writing by a relay. */
  RelayDelay: "Milliseconds",
  /** Sockets that a relay holds. */
  RelaySockets: "Count",
  /** Connections of relays that were dropped because their clients did not read. */
  SlowReadersDropped: "Count",
  /** Records of the table's stream that could not be shown. */
  RecordsSkipped: "Count",
  /** Gifts and superlikes whose hosts were credited. */
  GiftsSettled: "Count",
  /** Credits that their receivers got. */
  CreditsSettled: "Count",
  /** What all wallets owe together, once a minute. */
  CreditsOwed: "Count",
  /** Records that did not fit and wait for a person. */
  RecordsParked: "Count",
  /** By how much a log's sum of a moment differed from what is stored, when that was counted. */
  SumDrift: "Count",
  /** Deliveries to back ends that were given up. */
  DeliveriesFailed: "Count",
  /** Pending deliveries that were found long past their time and sent again. */
  DeliveriesOverdue: "Count",
  /** Tokens that could not be judged. */
  AuthorizerFaults: "Count",
  /** Tencent calls that failed, although HTTP says 200. */
  CommandFaults: "Count",
} as const satisfies Record<string, "Count" | "Milliseconds">;

export type MetricName = keyof typeof metrics;

/** The namespace of our metrics; the stage is their only dimension, so that they stay few. */
export const metricNamespace = "Ovation";

/** CloudWatch takes this many values of a metric in one line; more of them are left out. */
const valuesMax = 100;

const sums = new Map<MetricName, number>();
const values = new Map<MetricName, number[]>();

/** Adds to a sum that is published at the end of the event. */
export function countMetric(name: MetricName, by = 1): void {
  if (by !== 0) sums.set(name, (sums.get(name) ?? 0) + by);
}

/** Notes one value of what is measured, even zero; it is published at the end of the event. */
export function measureMetric(name: MetricName, value: number): void {
  const measured = values.get(name) ?? [];
  if (measured.length < valuesMax) measured.push(value);
  values.set(name, measured);
}

/**
 * Publishes what was noted since the last time, as one line of the log in CloudWatch's embedded
 * metric format; nothing where nothing was noted. What comes after the end of an event is published
 * with the next one.
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

/** A handler at whose end, however it ends, its metrics are published. */
export const withMetrics =
  <Given extends unknown[], Answer>(handle: (...given: Given) => Promise<Answer>) =>
  async (...given: Given): Promise<Answer> => {
    try {
      return await handle(...given);
    } finally {
      publishMetrics();
    }
  };
