import type { Alarm } from "../model.ts";
import type { Metrics, Minute } from "./metrics.ts";

/**
 * An alarm with its current state. Those on AWS's own metrics are not measured here, since nothing
 * publishes them locally.
 */
type AlarmState = Omit<Alarm, "periods" | "datapoints"> & {
  state: "OK" | "ALARM" | "NOT_MEASURED";
  /** What its metric was in the minutes that it looks at, newest first; null where it had none. */
  values: (number | null)[];
};

/**
 * Decides an alarm as CloudWatch does: in how many of the last minutes its metric was at or above
 * the threshold. A minute without values is a good one. The minute that has just begun counts too,
 * so that a test need not wait for its end.
 */
export function stateOf(alarm: Alarm, metrics: Metrics): AlarmState {
  const { periods, datapoints, ...said } = alarm;
  if (alarm.metric.namespace.startsWith("AWS/"))
    return { ...said, state: "NOT_MEASURED", values: [] };
  const values = metrics
    .minutes(alarm.metric, periods)
    .map((minute) => (minute === undefined ? null : figureOf(minute, alarm.statistic)));
  const bad = values.filter((value) => value !== null && value >= alarm.threshold);
  return { ...said, state: bad.length >= datapoints ? "ALARM" : "OK", values };
}

/** Throws for a statistic that the runner does not know. */
function figureOf({ sum, max, values }: Minute, statistic: string): number {
  if (statistic === "Sum") return sum;
  if (statistic === "Maximum") return max;
  const [, percent] = /^p(\d{1,2})$/.exec(statistic) ?? [];
  if (percent === undefined) throw new Error(`The runner does not know the statistic ${statistic}`);
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((Number(percent) / 100) * sorted.length) - 1)]!;
}
