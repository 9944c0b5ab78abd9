import { Duration, Stack } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  type Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Stage } from "../stages/stages.ts";
import type { AlarmKind } from "./alarm-list.ts";
import type { Watched } from "./alarm-subjects.ts";

const reached = {
  period: Duration.minutes(1),
  comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  treatMissingData: TreatMissingData.NOT_BREACHING,
};

/** How many of the last minutes, or hours for `absent`, decide an alarm. */
const windows = {
  lasting: { ...reached, datapointsToAlarm: 3, evaluationPeriods: 5 },
  once: { ...reached, datapointsToAlarm: 1, evaluationPeriods: 15 },
  few: {
    ...reached,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    treatMissingData: TreatMissingData.BREACHING,
    datapointsToAlarm: 5,
    evaluationPeriods: 5,
  },
  absent: {
    period: Duration.hours(1),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    treatMissingData: TreatMissingData.BREACHING,
    datapointsToAlarm: 26,
    evaluationPeriods: 26,
  },
};

/**
 * An alarm on a metric of DynamoDB ignores missing data, whatever it is set to: after throttled
 * minutes it would stay active forever, and send no further mail. So an expression adds zeros.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
function withoutGaps(metric: Metric): IMetric {
  if (metric.namespace !== "AWS/DynamoDB") return metric;
  const { period } = metric;
  return new MathExpression({ expression: "FILL(m1, 0)", usingMetrics: { m1: metric }, period });
}

/** One alarm; `entry` is its heading in docs/runbook.md. */
type Wanted = { entry: string; kind: AlarmKind; name: string; metric: Metric; threshold: number };

/** The alarms of a stage, and the topic that mails them to its address. */
export class Alarms {
  readonly topic: Topic;
  private readonly scope: Construct;
  private readonly stage: Stage;

  constructor(scope: Construct, stage: Stage, topicName = `ovation-${stage.name}-alarms`) {
    this.scope = scope;
    this.stage = stage;
    this.topic = new Topic(scope, "alarms", { topicName, enforceSSL: true });
    // Our own policy (TLS only) replaces SNS's default, which would let these services publish.
    for (const service of ["cloudwatch", "budgets"])
      this.topic.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
          actions: ["sns:Publish"],
          resources: [this.topic.topicArn],
          conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
        }),
      );
    if (stage.alarmsAddress !== undefined)
      this.topic.addSubscription(new EmailSubscription(stage.alarmsAddress));
  }

  /** Adds the alarms of one kind, one for each subject's metric. */
  addAll(entry: string, kind: AlarmKind, metrics: Record<string, Metric>, watched: Watched): void {
    const { threshold: most = 1 } = kind;
    for (const [subject, metric] of Object.entries(metrics)) {
      const threshold = typeof most === "number" ? most : most(watched, subject);
      this.addAlarm({ entry, kind, name: kind.name.replace("{}", subject), metric, threshold });
    }
  }

  /** Creates an alarm whose mail says what has happened and which page to read. */
  private addAlarm({ entry, kind, name, metric, threshold }: Wanted): void {
    const { period, ...window } = windows[kind.when ?? "once"];
    const alarm = new Alarm(this.scope, name.replace(/[^a-z0-9]+/gi, "-"), {
      alarmName: `ovation-${this.stage.name}: ${name}`,
      alarmDescription: `${kind.means} What to do: docs/runbook.md#${entry}`,
      metric: withoutGaps(metric.with({ period })),
      threshold,
      ...window,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }
}
