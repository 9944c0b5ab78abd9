import { setting } from "./env.ts";
import { logMetrics } from "./log.ts";

/** CloudWatch's unit of a metric, and what it counts or measures. */
type Metric = { unit: "Count" | "Milliseconds"; means: string };

/**
 * Every metric of ours. Each is published by the function that knows it best: settled gifts by
 * whoever settles, not by the many calls that send them.
 */
export const metrics = {
  FramesPut: { unit: "Count", means: "frames that were put into streams' logs" },
  FrameDelay: {
    unit: "Milliseconds",
    means:
      "from a frame's newest record to the end of its posting; the record's time is in seconds",
  },
  PostsSent: { unit: "Count", means: "messages that connections took" },
  PostsLost: { unit: "Count", means: "messages that left without an answer" },
  PostsLimited: { unit: "Count", means: "messages that the gateway refused with 429" },
  Resumes: { unit: "Count", means: "turns of connections that were sent what they had missed" },
  ResumedFrames: { unit: "Count", means: "missed frames that connections were sent" },
  MessagesSkipped: { unit: "Count", means: "chat messages that the post rate left out of frames" },
  RecordsSkipped: { unit: "Count", means: "records of the table's stream that could not be shown" },
  GiftsSettled: { unit: "Count", means: "gifts and superlikes whose hosts were credited" },
  CreditsSettled: { unit: "Count", means: "credits that their receivers got" },
  CreditsOwed: { unit: "Count", means: "what all wallets owe together, once a minute" },
  RecordsParked: { unit: "Count", means: "records that did not fit and wait for a person" },
  DeliveriesFailed: { unit: "Count", means: "deliveries to back ends that were given up" },
  AuthorizerFaults: { unit: "Count", means: "tokens that could not be judged" },
  CommandFaults: { unit: "Count", means: "Tencent calls that failed, although HTTP says 200" },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;

/** The namespace of our metrics; the stage is their only dimension, so that they stay few. */
export const metricNamespace = "Ovation";

/** CloudWatch takes so many values of a metric in one line; more of them are left out. */
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
 * metric format; nothing where nothing was noted. What comes after the end of an event is
 * published with the next one.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function publishMetrics(): void {
  const noted = { ...Object.fromEntries(sums), ...Object.fromEntries(values) };
  const names = Object.keys(noted) as MetricName[];
  if (names.length === 0) return;
  sums.clear();
  values.clear();
  const Metrics = names.map((Name) => ({ Name, Unit: metrics[Name].unit }));
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
