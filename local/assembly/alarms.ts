import * as z from "zod";
import type { Alarm, MetricFilter } from "../model.ts";
import { findResources } from "./resources.ts";
import type { Templates } from "./templates.ts";

const MetricProperties = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
});
const Period = z.union([z.literal(60), z.literal(3_600)]);

/** A metric, or an expression that fills the gaps of an AWS metric, which is not measured here. */
const WatchedProperties = z.union([
  MetricProperties.extend({
    Statistic: z.string().optional(),
    ExtendedStatistic: z.string().optional(),
    Period,
  }),
  z
    .object({
      Metrics: z.tuple([
        z.object({ Expression: z.literal("FILL(m1, 0)") }),
        z.object({
          Id: z.literal("m1"),
          MetricStat: z.object({ Metric: MetricProperties, Stat: z.string(), Period }),
        }),
      ]),
    })
    .transform(({ Metrics: [, { MetricStat }] }) => ({
      ...MetricStat.Metric,
      Statistic: MetricStat.Stat,
      ExtendedStatistic: undefined,
      Period: MetricStat.Period,
    })),
]);

const AlarmProperties = z
  .object({
    AlarmName: z.string(),
    AlarmDescription: z.string().default(""),
    EvaluationPeriods: z.number(),
    DatapointsToAlarm: z.number(),
    Threshold: z.number(),
    ComparisonOperator: z.enum(["GreaterThanOrEqualToThreshold", "LessThanThreshold"]),
    TreatMissingData: z.enum(["notBreaching", "breaching"]),
  })
  .and(WatchedProperties);

/** The alarms, each on one metric, with a period of a minute or an hour. */
export const readAlarms = (templates: Templates): Alarm[] =>
  [...findResources(templates, "AWS::CloudWatch::Alarm", AlarmProperties)].map(
    ({ properties: of }) => ({
      name: of.AlarmName,
      description: of.AlarmDescription,
      metric: {
        namespace: of.Namespace,
        name: of.MetricName,
        dimensions: Object.fromEntries(of.Dimensions.map(({ Name, Value }) => [Name, Value])),
      },
      statistic: of.ExtendedStatistic ?? of.Statistic ?? "Sum",
      threshold: of.Threshold,
      ...(of.ComparisonOperator === "LessThanThreshold" && { isBelow: true }),
      periods: of.EvaluationPeriods,
      datapoints: of.DatapointsToAlarm,
    }),
  );

const FilterProperties = z.object({
  LogGroupName: z.string(),
  FilterPattern: z.string(),
  MetricTransformations: z.tuple([
    z.object({ MetricNamespace: z.string(), MetricName: z.string(), MetricValue: z.literal("1") }),
  ]),
});

/** The metric filters of logs. */
export const readMetricFilters = (templates: Templates): MetricFilter[] =>
  [...findResources(templates, "AWS::Logs::MetricFilter", FilterProperties)].map(
    ({ properties: { LogGroupName, FilterPattern, MetricTransformations } }) => ({
      logGroup: LogGroupName,
      wanted: readPattern(FilterPattern),
      metric: {
        namespace: MetricTransformations[0].MetricNamespace,
        name: MetricTransformations[0].MetricName,
        dimensions: {},
      },
    }),
  );

/**
 * The conditions of a filter pattern: `{ $.level = "ERROR" }`, `!=` or `NOT EXISTS`, joined by `&&`
 * and these by `||`. Throws for every other pattern.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function readPattern(pattern: string): MetricFilter["wanted"] {
  const [, inner = ""] = /^\{ (.*) \}$/.exec(pattern) ?? [];
  const term = /^\(*\$\.([\w.]+) (?:(=|!=) "([^"*]*)"|NOT EXISTS)\)*$/;
  return inner.split(" || ").map((all) =>
    all.split(" && ").map((one) => {
      const [, field, is, value] = term.exec(one) ?? [];
      if (field === undefined)
        throw new Error(`The runner does not support the filter pattern ${pattern}`);
      if (value === undefined) return { field, is: "absent" };
      return { field, is: is === "=" ? "=" : "!=", value };
    }),
  );
}
