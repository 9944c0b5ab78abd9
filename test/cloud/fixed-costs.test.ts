import { expect, test } from "@jest/globals";
import { fixed } from "../../bin/operate/estimate.ts";
import { metrics } from "../../platform/runtime/metrics.ts";
import { resourcesOf, templatesOf } from "./templates.ts";

/** Kinds of resources with a monthly price, and where `npm run cost` counts them. */
const priced: Record<string, keyof typeof fixed> = {
  "AWS::CloudWatch::Alarm": "alarm_months",
  "AWS::CloudWatch::Dashboard": "dashboard_months",
  "AWS::SecretsManager::Secret": "secret_months",
  "AWS::WAFv2::WebACL": "firewall_months",
};

/** Further such kinds, which no stage without a domain or relay has. */
const unpriced =
  /^AWS::(KMS::Key|CloudWatch::(CompositeAlarm|AnomalyDetector)|EC2::(NatGateway|VPCEndpoint|EIP)|ElasticLoadBalancingV2::LoadBalancer|ECS::Service|Route53::HostedZone|Kinesis::Stream|RDS::.*|ElastiCache::.*)$/;

test("the fixed costs of `npm run cost` match prod's template", async () => {
  const templates = await templatesOf({ stage: "prod" });
  const count = (type: string) => resourcesOf(templates, type).length;
  for (const [type, name] of Object.entries(priced))
    expect([type, count(type)]).toEqual([type, fixed[name]]);
  const rules = resourcesOf(templates, "AWS::WAFv2::WebACL").flatMap((one) => one.Properties.Rules);
  expect(rules).toHaveLength(fixed.firewall_rule_months);
  // Metrics that functions publish have the stage as their only dimension.
  const written = Object.keys(metrics).length + count("AWS::Logs::MetricFilter");
  expect(written).toBe(fixed.metric_months);
  const types = Object.values(templates).flatMap((stack) =>
    Object.values(stack).map(({ Type }) => Type),
  );
  expect(types.filter((type) => unpriced.test(type))).toEqual([]);
});
