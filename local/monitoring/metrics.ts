import * as z from "zod";
import { readEntry } from "../log.ts";
import type { MetricFilter, MetricName } from "../model.ts";

/** Values of one metric in one minute. Beyond a limit, further values count only in the sum. */
export type Minute = { sum: number; max: number; values: number[] };

/** The metrics of one run, by minute. */
export type Metrics = {
  /**
   * Reads metrics from a log line: the embedded metric format, and metric filters. Ignores what has
   * neither form.
   */
  line(logGroup: string | undefined, text: string, stream: "stdout" | "stderr"): void;
  /** The last `count` minutes of a metric, newest first; undefined for a minute without values. */
  minutes(of: MetricName, count: number): (Minute | undefined)[];
  /** Every metric that has values, with the totals of the stored minutes. */
  list(): { metric: MetricName; sum: number; max: number; count: number }[];
  /** Discards everything. From then on a minute ends when `nextMinute` is called, for tests. */
  reset(): void;
  nextMinute(): void;
};

/** The longest period of any alarm. */
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

/** Whether a log line meets one condition of a filter. */
function meets(line: unknown, term: MetricFilter["wanted"][number][number]): boolean {
  const found = term.field
    .split(".")
    .reduce((at, name) => (at as Record<string, unknown> | undefined)?.[name], line);
  if (term.is === "absent" || found === undefined)
    return term.is === "absent" && found === undefined;
  return (found === term.value) === (term.is === "=");
}

/** Creates an empty store. `now` returns milliseconds. */
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
    const embedded = Embedded.safeParse(line).data?._aws.CloudWatchMetrics ?? [];
    for (const { Namespace, Dimensions, Metrics } of embedded)
      for (const names of Dimensions) {
        const dimensions = Object.fromEntries(names.map((name) => [name, String(line[name])]));
        for (const { Name } of Metrics) {
          const values = [line[Name]].flat().map(Number).filter(Number.isFinite);
          if (values.length > 0) add({ namespace: Namespace, name: Name, dimensions }, values);
        }
      }
  }

  return {
    line(logGroup, text, stream) {
      // Other text counts as an error if it was written to stderr.
      const line = readEntry(text) ?? (stream === "stderr" ? { level: "ERROR" } : {});
      if (line._aws !== undefined) addEmbedded(line);
      for (const filter of filters())
        if (
          filter.logGroup === logGroup &&
          filter.wanted.some((all) => all.every((term) => meets(line, term)))
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
