import type { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { metricNamespace } from "../../platform/runtime/metrics.ts";
import { edgeRegion } from "../stages/domain.ts";
import type { AlarmKind } from "./alarm-list.ts";
import type { Watched } from "./alarm-subjects.ts";
import { metricOf } from "./metrics.ts";

/** Published by AWS or by our functions, not counted by a filter. */
type Published = Exclude<AlarmKind, { lines: string }>;

/** The metric of each subject of a kind of alarm. */
export function metricsOfKind(kind: AlarmKind, watched: Watched): Record<string, Metric> {
  const published = kind as Published;
  const { statistic = "Sum", at } = kind;
  const [namespace, name] =
    "own" in published ? [metricNamespace, published.own] : [published.aws, published.metric];
  const own = "own" in published ? { stage: watched.stage.name } : {};
  const region = at === "edge" ? edgeRegion : undefined;
  return Object.fromEntries(
    Object.entries(kind.of?.(watched) ?? { all: {} }).map(([subject, dimensions]) => [
      subject,
      metricOf(namespace, name, { ...own, ...dimensions }, statistic, region),
    ]),
  );
}
