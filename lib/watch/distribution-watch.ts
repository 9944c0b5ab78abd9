import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { edgeRegion } from "../stages/domain.ts";
import { type AlarmKind, alarmKinds } from "./alarm-list.ts";
import { metricsOfKind } from "./alarm-metrics.ts";
import type { Watched } from "./alarm-subjects.ts";
import { Alarms } from "./alarms.ts";

/**
 * The alarms of a stage's domain. CloudFront and its firewall publish metrics in one region, and an
 * alarm only sees metrics of its own region, as does its topic.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
 */
export class DistributionAlarms extends Stack {
  constructor(scope: Construct, id: string, watched: Watched) {
    const { account, name } = watched.stage;
    super(scope, id, { env: { ...(account && { account }), region: edgeRegion } });
    const alarms = new Alarms(this, watched.stage, `ovation-${name}-host-alarms`);
    for (const [entry, kind] of Object.entries<AlarmKind>(alarmKinds))
      if (kind.at === "edge") alarms.addAll(entry, kind, metricsOfKind(kind, watched), watched);
  }
}
