import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { emptyPolls, fixed, fixedBill } from "../../bin/operate/estimate.ts";
import { stageNamed } from "../../lib/stages/stages.ts";
import { metrics } from "../../platform/runtime/metrics.ts";
import { flat, resourcesOf, synthesize } from "./templates.ts";

type Counts = typeof fixed.plain;
type Name = keyof Counts;

/** What has a price a month by its kind alone, and where `npm run cost` counts it. */
const priced: Record<string, Name> = {
  "AWS::CloudWatch::Alarm": "alarm_months",
  "AWS::CloudWatch::Dashboard": "dashboard_months",
  "AWS::SecretsManager::Secret": "secret_months",
  "AWS::WAFv2::WebACL": "firewall_months",
};

/** What would have one, too: only a relay has two of them, which are lines of its bill. */
const unpriced =
  /^AWS::(KMS::Key|CloudWatch::(CompositeAlarm|AnomalyDetector)|EC2::(NatGateway|VPCEndpoint|EIP)|ElasticLoadBalancingV2::LoadBalancer|ECS::Service|Route53::HostedZone|Kinesis::Stream|RDS::.*|ElastiCache::.*)$/;
const ofRelay = ["AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::LoadBalancer"];

const place = { account: "111122223333", region: "eu-central-1" };
const zone = { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" };
const domain = { domain: { name: "live.acme.com", zone } };
const relay = { relay: { minTasks: 2, maxTasks: 8, fromViewers: 2_000 }, ...domain };

/** What is counted for a stage with these parts. */
const sumOf = (...parts: readonly Partial<Record<Name, number>>[]) =>
  Object.fromEntries(
    (Object.keys(fixed.plain) as Name[]).map((name) => [
      name,
      parts.reduce((all, part) => all + (part[name] ?? 0), 0),
    ]),
  );

test.each([
  ["without a domain", {}, sumOf(fixed.plain), []],
  ["with a domain", domain, sumOf(fixed.plain, fixed.domain), []],
  ["with a relay", relay, sumOf(fixed.plain, fixed.domain, fixed.relay), ofRelay],
])("the fixed costs of `npm run cost` match prod's templates %s", async (_, more, wanted, paid) => {
  const prod = stageNamed("prod");
  const { templates } = await synthesize({ ...prod, ...place, ...more });
  const count = (type: string) => resourcesOf(templates, type).length;
  const rules = resourcesOf(templates, "AWS::WAFv2::WebACL").flatMap((one) => one.Properties.Rules);
  // Lambda reads a queue with fewer readers while it is empty only without a maximum concurrency.
  const readers = resourcesOf(templates, "AWS::Lambda::EventSourceMapping").filter(
    ({ Properties }) => Properties.ScalingConfig?.MaximumConcurrency > 0,
  );
  const ordered = readers.filter(({ Properties }) =>
    flat(Properties.EventSourceArn).endsWith(".fifo"),
  );
  expect(readers.length).toBe(count("AWS::SQS::Queue") / 2);
  const found = {
    ...Object.fromEntries(Object.entries(priced).map(([type, name]) => [name, count(type)])),
    // Those that functions write have the stage as their one dimension.
    metric_months: Object.keys(metrics).length + count("AWS::Logs::MetricFilter"),
    firewall_rule_months: rules.length,
    sqs_standard_requests: (readers.length - ordered.length) * emptyPolls,
    sqs_fifo_requests: ordered.length * emptyPolls,
  };
  expect(found).toEqual(wanted);
  // A gateway endpoint is free, an interface is not.
  const types = Object.values(templates).flatMap((stack) =>
    Object.values(stack)
      .filter(({ Properties }) => Properties?.VpcEndpointType !== "Gateway")
      .map(({ Type }) => Type),
  );
  expect(types.filter((type) => unpriced.test(type)).sort()).toEqual(paid);
});

test("the guide says what the firewalls cost", () => {
  const dollars = (...parts: readonly Record<`firewall_${"" | "rule_"}months`, number>[]) =>
    parts.reduce(
      (all, { firewall_months: acls, firewall_rule_months: rules }) => all + 5 * acls + rules,
      0,
    );
  const text = readFileSync("docs/deploying.md", "utf8").replaceAll(/\s+/g, " ");
  expect(text).toContain(`of the user pool cost $${dollars(fixed.plain)} a month`);
  expect(text).toContain(`$${dollars(fixed.plain, fixed.domain)} with a domain's`);
});

test("the README says what an idle stage costs, empty queues included", () => {
  const bill = fixedBill();
  const sum = bill.reduce((all, { dollars }) => all + dollars, 0);
  // 16 queues, five readers each, three requests a minute: AWS's prices are $0.40 and $0.50.
  expect(bill.at(-1)!.dollars).toBeCloseTo((13 * 0.4 + 3 * 0.5) * 0.657, 6);
  const text = readFileSync("README.md", "utf8").replaceAll(/\s+/g, " ");
  expect(text).toContain(`like prod costs $${Math.round(sum)} a month`);
});
