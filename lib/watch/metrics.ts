import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";

/**
 * A metric by the minute; without dimensions it is that of the whole account. `region` is where it
 * is published, if that is not the region of the alarm.
 */
export function metricOf(
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  statistic: string,
  region?: string,
): Metric {
  const period = Duration.minutes(1);
  const some = Object.keys(dimensionsMap).length > 0 && { dimensionsMap };
  const there = region !== undefined && { region };
  return new Metric({ namespace, metricName, statistic, period, ...some, ...there });
}
