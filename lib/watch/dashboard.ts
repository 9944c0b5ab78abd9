import { CfnOutput, Stack } from "aws-cdk-lib";
import { Dashboard, GraphWidget, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { type MetricName, metricNamespace, metrics } from "../../platform/runtime/metrics.ts";
import { functionName } from "../stages/names.ts";
import { rows } from "../stages/route-table.ts";
import type { Stage } from "../stages/stages.ts";
import { metricOf } from "./metrics.ts";

/**
 * A stage on one page: our own metrics of the product, the metrics of alarms (`watched`, by title),
 * and the duration of each subject's functions, from the route table.
 */
export function addDashboard(
  scope: Construct,
  stage: Stage,
  watched: ReadonlyMap<string, Readonly<Record<string, IMetric>>>,
): void {
  const widgets = [
    ...(Object.keys(metrics) as MetricName[])
      .filter((name) => stage.relay !== undefined || !relayMetrics.has(name))
      .map((name) => widgetOf(name, ownLines(stage, name))),
    ...[...watched].map(([title, lines]) => widgetOf(title, Object.values(lines))),
    ...durations(stage),
  ];
  const dashboard = new Dashboard(scope, "dashboard", {
    dashboardName: `ovation-${stage.name}`,
    widgets: Array.from({ length: Math.ceil(widgets.length / 3) }, (_, row) =>
      widgets.slice(row * 3, row * 3 + 3),
    ),
  });
  const { region } = Stack.of(scope);
  const page = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}`;
  const value = `${page}#dashboards/dashboard/${dashboard.dashboardName}`;
  new CfnOutput(scope, "dashboard-url", { value });
}

/** Metrics that only a stage with a relay has. */
const relayMetrics: ReadonlySet<MetricName> = new Set([
  "RelayDelay",
  "RelaySockets",
  "SlowReadersDropped",
] as const);

const widgetOf = (title: string, left: IMetric[]) =>
  new GraphWidget({ title, left, width: 8, height: 4 });

/** The statistics of states: a sum would grow with the number of their reports in a minute. */
const ofStates: Partial<Record<MetricName, readonly string[]>> = {
  CreditsOwed: ["Maximum"],
  // Of a task.
  RelaySockets: ["Average", "Maximum"],
};

function ownLines(stage: Stage, name: MetricName): IMetric[] {
  const ofEvents = metrics[name] === "Milliseconds" ? ["p50", "p90", "p99"] : ["Sum"];
  const statistics = ofStates[name] ?? ofEvents;
  return statistics.map((statistic) =>
    metricOf(metricNamespace, name, { stage: stage.name }, statistic),
  );
}

/** The 90th percentile of the functions' durations, one widget for each subject. */
function durations(stage: Stage): GraphWidget[] {
  const bySubject = new Map<string, IMetric[]>();
  for (const { name } of rows) {
    const [subject = name] = name.split("/");
    const of = { FunctionName: functionName(stage.name, name) };
    const lines = bySubject.get(subject) ?? [];
    bySubject.set(subject, [...lines, metricOf("AWS/Lambda", "Duration", of, "p90")]);
  }
  return [...bySubject].map(([subject, lines]) => widgetOf(`${subject}: duration`, lines));
}
