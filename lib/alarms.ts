import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import {
  Alarm,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type IFilterPattern, type LogGroup, MetricFilter } from "aws-cdk-lib/aws-logs";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Stage } from "./stages.ts";

/** An alarm by how many of the last minutes were bad. */
type Window = { datapointsToAlarm: number; evaluationPeriods: number };

/** Something lasts: a single bad minute is not worth an alarm. */
const lasting: Window = { datapointsToAlarm: 3, evaluationPeriods: 5 };
/** Something happened that must not: told at once, and not again for a quarter of an hour. */
const once: Window = { datapointsToAlarm: 1, evaluationPeriods: 15 };

/** What a metric has besides its name; without dimensions it is that of the whole account. */
type Of = { dimensions?: Record<string, string>; statistic?: "Sum" | "Maximum" };

/** The alarms of a stage, told to its address, and a dashboard of what they look at. */
export class Alarms {
  private readonly topic: Topic;
  private readonly metrics = new Map<string, IMetric>();
  private readonly scope: Construct;
  private readonly stage: Stage;

  constructor(scope: Construct, stage: Stage) {
    this.scope = scope;
    this.stage = stage;
    this.topic = new Topic(scope, "alarms", {
      topicName: `ovation-${stage.name}-alarms`,
      enforceSSL: true,
    });
    // A policy of its own (TLS only) takes the place of SNS's, by which CloudWatch could publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
      }),
    );
    if (stage.alarmsAddress !== undefined)
      this.topic.addSubscription(new EmailSubscription(stage.alarmsAddress));
  }

  /** When a metric has reached `threshold` in one minute. */
  happens(what: string, metric: Metric, threshold = 1): void {
    this.add(what, metric, threshold, once);
  }

  /** When a metric reaches `threshold` in three of five minutes. */
  lasts(what: string, metric: Metric, threshold = 1): void {
    this.add(what, metric, threshold, lasting);
  }

  /** A metric of AWS by the minute; its sum unless stated otherwise. */
  metric(namespace: string, metricName: string, { dimensions, statistic = "Sum" }: Of): Metric {
    const period = Duration.minutes(1);
    const dimensionsMap = dimensions && { dimensionsMap: dimensions };
    return new Metric({ namespace, metricName, statistic, period, ...dimensionsMap });
  }

  /** Lines of a log that match, or the sum of what they say at `metricValue`, as a metric. */
  counted(name: string, logGroup: LogGroup, filterPattern: IFilterPattern, metricValue = "1") {
    const metricNamespace = `ovation/${this.stage.name}`;
    const given = { logGroup, filterPattern, metricNamespace, metricName: name, metricValue };
    new MetricFilter(this.scope, `${name}-filter`, given);
    return this.metric(metricNamespace, name, {});
  }

  /** Everything that is watched, on one page. */
  placeDashboard(): void {
    const widgets = [...this.metrics].map(
      ([title, metric]) => new GraphWidget({ title, left: [metric], width: 8, height: 4 }),
    );
    const dashboard = new Dashboard(this.scope, "dashboard", {
      dashboardName: `ovation-${this.stage.name}`,
      widgets: Array.from({ length: Math.ceil(widgets.length / 3) }, (_, row) =>
        widgets.slice(row * 3, row * 3 + 3),
      ),
    });
    const { region } = Stack.of(this.scope);
    const page = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}`;
    const value = `${page}#dashboards/dashboard/${dashboard.dashboardName}`;
    new CfnOutput(this.scope, "dashboard-url", { value });
  }

  private add(what: string, metric: Metric, threshold: number, window: Window): void {
    this.metrics.set(what, metric);
    const alarm = new Alarm(this.scope, what.replace(/[^a-z0-9]+/gi, "-"), {
      alarmName: `ovation-${this.stage.name}: ${what}`,
      metric,
      threshold,
      ...window,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }
}
