import type { Alarm } from "../model.ts";
import type { Metrics, Minute } from "./metrics.ts";

/**
 * An alarm with its current state. Not evaluated are alarms on AWS's own metrics, which nothing
 * publishes locally, and those on too low values: there is one relay, however many a stage has.
 */
type AlarmState = Omit<Alarm, "periods" | "datapoints" | "isBelow"> & {
  state: "OK" | "ALARM" | "NOT_MEASURED";
  /** The metric's values in the alarm's minutes, newest first; null without data. */
  values: (number | null)[];
};

/**
 * Evaluates an alarm as CloudWatch does: counts the last minutes in which the metric was at or
 * above the threshold. A minute without data is not breaching. The current minute counts too, so
 * that tests need not wait for its end.
 */
export function evaluateAlarm(alarm: Alarm, metrics: Metrics): AlarmState {
  const { periods, datapoints, isBelow, ...said } = alarm;
  if (isBelow || alarm.metric.namespace.startsWith("AWS/"))
    return { ...said, state: "NOT_MEASURED", values: [] };
  const values = metrics
    .minutes(alarm.metric, periods)
    .map((minute) => (minute === undefined ? null : figureOf(minute, alarm.statistic)));
  const bad = values.filter((value) => value !== null && value >= alarm.threshold);
  return { ...said, state: bad.length >= datapoints ? "ALARM" : "OK", values };
}

/** Throws for an unsupported statistic. */
function figureOf({ sum, max, values }: Minute, statistic: string): number {
  if (statistic === "Sum") return sum;
  if (statistic === "Maximum") return max;
  const [, percent] = /^p(\d{1,2})$/.exec(statistic) ?? [];
  if (percent === undefined)
    throw new Error(`The runner does not support the statistic ${statistic}`);
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((Number(percent) / 100) * sorted.length) - 1)]!;
}
