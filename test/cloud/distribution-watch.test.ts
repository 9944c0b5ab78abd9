import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { isAccepted } from "../../lib/nag.ts";
import type { Domain } from "../../lib/stages/domain.ts";
import { assertRegion } from "../../lib/stages/stage-limits.ts";
import { stageNamed } from "../../lib/stages/stages.ts";
import { alarmOf, resourcesOf, synthesize, theResource } from "./templates.ts";

/* The alarms of a stage with a domain, as prod and dev would have them. */

const zone = { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" };
const domain: Domain = { name: "live.acme.com", zone };
const place = { account: "111122223333", region: "eu-central-1", domain };
const withDomain = (name: string) => synthesize({ ...stageNamed(name), ...place });
const made = await withDomain("prod");
const { templates } = made;
const alarmsOf = (of: typeof templates, stack: string) =>
  resourcesOf(of, "AWS::CloudWatch::Alarm", stack).map(({ Properties }) => Properties);

/** Where AWS documents these metrics with their statistics and dimensions. */
const documented = {
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
  "AWS/CloudFront 5xxErrorRate": ["Average", "DistributionId", "Region"],
  // https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
  "AWS/WAFV2 BlockedRequests": ["Sum", "Rule", "WebACL"],
};

describe("the alarms of a domain", () => {
  const alarms = alarmsOf(templates, "host-watch");
  type Named = { Name: string; Value: unknown };
  const valuesOf = ({ Dimensions }: { Dimensions: Named[] }) =>
    Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));

  test("watch the metrics of CloudFront and its firewall, by AWS's names", () => {
    const found = alarms.map((alarm) => [
      `${alarm.Namespace} ${alarm.MetricName}`,
      [alarm.Statistic, ...Object.keys(valuesOf(alarm)).sort()],
    ]);
    expect(Object.fromEntries(found)).toEqual(documented);
  });

  test("identify the stage's own distribution and firewall", () => {
    const [rate, blocked] = alarms;
    const { DistributionId, Region } = valuesOf(rate);
    expect(Region).toBe("Global");
    expect(DistributionId).toEqual({
      "Fn::GetStackOutput": {
        StackName: "ovation-prod-host",
        OutputName: "distributionid",
        Region: "eu-central-1",
      },
    });
    const { VisibilityConfig } = theResource(templates, "AWS::WAFv2::WebACL", "edge").Properties;
    expect(valuesOf(blocked)).toEqual({ WebACL: VisibilityConfig.MetricName, Rule: "ALL" });
  });

  test("lead to what the firewall can show of refused requests: addresses by rule, no samples", () => {
    const [, entry = ""] = readFileSync("docs/runbook.md", "utf8").split("### host-blocked\n");
    const [, acl = "", rule] =
      /--region us-east-1 --scope CLOUDFRONT --web-acl-name (\S+) .*--rule-name (\S+)/.exec(entry)!;
    const firewall = theResource(templates, "AWS::WAFv2::WebACL", "edge").Properties;
    expect(firewall.Name).toBe(acl.replace("STAGE", "prod"));
    type Rule = { Name: string; Statement: { RateBasedStatement?: { AggregateKeyType: string } } };
    const rules: (Rule & typeof firewall)[] = firewall.Rules;
    // The console shows requests only of rules that sample them, and WAF lists no custom keys.
    for (const one of [firewall, ...rules])
      expect(one.VisibilityConfig.SampledRequestsEnabled).toBe(false);
    const byAddress = rules.filter(
      ({ Statement }) => Statement.RateBasedStatement?.AggregateKeyType === "IP",
    );
    const names = byAddress.map(({ Name }) => Name);
    expect(names).toContain(rule);
    expect(names.filter((name) => !name.startsWith("rate"))).toEqual([]);
    const others = rules.filter((one) => !byAddress.includes(one)).map(({ Name }) => Name);
    expect(others.filter((name) => name.startsWith("rate"))).toEqual([]);
  });

  test("are in the region of these metrics, and notify the stage's address through a topic there", () => {
    const topics = resourcesOf(templates, "AWS::SNS::Topic").map(({ Properties }) => Properties);
    expect(topics.map(({ TopicName }) => TopicName).sort()).toEqual([
      "ovation-prod-alarms",
      "ovation-prod-host-alarms",
    ]);
    const policy = theResource(templates, "AWS::SNS::TopicPolicy", "host-watch").Properties;
    for (const { AlarmActions } of alarms) expect(AlarmActions).toEqual(policy.Topics);
    const mail = theResource(templates, "AWS::SNS::Subscription", "host-watch").Properties;
    expect(mail.Endpoint).toBe("alarms@ovation.example");
  });

  test("ring only after several minutes, and are not in the stage's own region, where they would be silent", () => {
    for (const { EvaluationPeriods, DatapointsToAlarm, Period, TreatMissingData } of alarms)
      expect([DatapointsToAlarm, EvaluationPeriods, Period, TreatMissingData]).toEqual([
        ...[3, 5, 60],
        "notBreaching",
      ]);
    for (const alarm of resourcesOf(templates, "AWS::CloudWatch::Alarm", "watch"))
      expect(alarmOf(alarm).Namespace).not.toMatch(/CloudFront|WAF/);
  });

  test("are shown on the stage's dashboard, with the region of their metrics", () => {
    const dashboard = theResource(templates, "AWS::CloudWatch::Dashboard", "watch").Properties;
    const body = JSON.stringify(dashboard.DashboardBody);
    for (const metric of ["5xxErrorRate", "BlockedRequests"])
      expect(body).toMatch(new RegExp(`${metric}.{0,600}?us-east-1`));
  });

  test("cover only the distribution if there is no firewall", async () => {
    const { templates: open, findings } = await withDomain("dev");
    expect(alarmsOf(open, "host-watch").map(({ MetricName }) => MetricName)).toEqual([
      "5xxErrorRate",
    ]);
    const all = [...made.findings, ...findings];
    expect(all.filter(({ rule, path }) => !isAccepted(rule, path))).toEqual([]);
  });

  test("require a stage with an explicit region", () => {
    const nowhere = { name: "prod", domain };
    expect(() => assertRegion(nowhere)).toThrow("prod: a stage with a domain names its region");
    expect(() => assertRegion({ ...nowhere, region: "eu-central-1" })).not.toThrow();
    expect(() => assertRegion({ name: "dev" })).not.toThrow();
  });
});
