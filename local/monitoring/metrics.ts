import * as z from "zod";
import type { MetricFilter, MetricName } from "../model.ts";

/** Values of one metric in one minute; of very many the rest counts in the sum alone. */
export type Minute = { sum: number; max: number; values: number[] };

/** The metrics of a run, by the minute. */
export type Metrics = {
  /** Takes what a line of a function's log says in the embedded metric format, or is counted. */
  line(logGroup: string | undefined, text: string, stream: "stdout" | "stderr"): void;
  /** The last `count` minutes of a metric, newest first; undefined for one without values. */
  minutes(of: MetricName, count: number): (Minute | undefined)[];
  /** Every metric that has had a value, with what it had in the minutes that are kept. */
  list(): { metric: MetricName; sum: number; max: number; count: number }[];
  /** Forgets everything. From now on a minute ends when `nextMinute` is called: for tests. */
  reset(): void;
  nextMinute(): void;
};

/** As long as any alarm looks back. */
const minutesKept = 60;
const valuesMax = 1_000;

const Embedded = z.object({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

/** What a line says: an object of JSON, or a line of another form that is an error or is not. */
function readLine(text: string, stream: "stdout" | "stderr"): Record<string, unknown> {
  if (text.startsWith("{"))
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      // Not JSON after all.
    }
  return stream === "stderr" ? { level: "ERROR" } : {};
}

/** No metrics at first. `now` is in milliseconds. */
export function createMetrics(
  filters: () => readonly MetricFilter[],
  now: () => number = Date.now,
): Metrics {
  const series = new Map<string, { metric: MetricName; minutes: Map<number, Minute> }>();
  let current = () => Math.floor(now() / 60_000);
  const nameOf = ({ namespace, name, dimensions }: MetricName) =>
    JSON.stringify([namespace, name, Object.entries(dimensions).sort()]);

  function add(metric: MetricName, values: readonly number[]): void {
    const known = series.get(nameOf(metric)) ?? { metric, minutes: new Map<number, Minute>() };
    series.set(nameOf(metric), known);
    const { minutes } = known;
    const minute = minutes.get(current()) ?? { sum: 0, max: Number.NEGATIVE_INFINITY, values: [] };
    minutes.set(current(), minute);
    for (const value of values) {
      minute.sum += value;
      minute.max = Math.max(minute.max, value);
      if (minute.values.length < valuesMax) minute.values.push(value);
    }
    for (const at of minutes.keys()) if (at <= current() - minutesKept) minutes.delete(at);
  }

  function addEmbedded(line: Record<string, unknown>): void {
    for (const { Namespace, Dimensions, Metrics } of Embedded.parse(line)._aws.CloudWatchMetrics)
      for (const names of Dimensions) {
        const dimensions = Object.fromEntries(names.map((name) => [name, String(line[name])]));
        for (const { Name } of Metrics)
          add({ namespace: Namespace, name: Name, dimensions }, [line[Name]].flat().map(Number));
      }
  }

  return {
    line(logGroup, text, stream) {
      const line = readLine(text, stream);
      if (line._aws !== undefined) addEmbedded(line);
      for (const filter of filters())
        if (
          filter.logGroup === logGroup &&
          filter.wanted.some(({ field, value }) => line[field] === value)
        )
          add(filter.metric, [1]);
    },
    minutes(of, count) {
      const minutes = series.get(nameOf(of))?.minutes;
      return Array.from({ length: count }, (_, back) => minutes?.get(current() - back));
    },
    list: () =>
      [...series.values()].map(({ metric, minutes }) => ({
        metric,
        sum: [...minutes.values()].reduce((sum, minute) => sum + minute.sum, 0),
        max: Math.max(...[...minutes.values()].map(({ max }) => max)),
        count: [...minutes.values()].reduce((sum, { values }) => sum + values.length, 0),
      })),
    reset() {
      series.clear();
      current = () => 0;
    },
    nextMinute() {
      const next = current() + 1;
      current = () => next;
    },
  };
}
