import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import { CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";

/** Requests from one address in five minutes: many viewers may share one. */
const requestsPerAddressMax = 30_000;

/**
 * Requests with one token in a minute: above the sum of what anybody needs, so that a flood ends
 * before it is a call of ours.
 */
const requestsPerTokenMax = 6_000;

/**
 * Rules that look into bodies: what people write in a chat may look like markup or a path, so these
 * only count, and the functions check bodies.
 * https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
 */
const bodyRules = [
  "CrossSiteScripting_BODY",
  "EC2MetaDataSSRF_BODY",
  "GenericLFI_BODY",
  "GenericRFI_BODY",
  "SizeRestrictions_BODY",
];

/** A web application firewall before the HTTP API. Its refusals are our 403 (gateway responses). */
export function placeFirewall(scope: Construct, name: string, api: SpecRestApi): void {
  const measured = (metricName: string) => ({
    visibilityConfig: { cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: false },
  });
  const managed = (priority: number, group: string, counted: readonly string[] = []) => ({
    name: group,
    priority,
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: "AWS",
        name: group,
        ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
    ...measured(group),
  });
  const acl = new CfnWebACL(scope, "firewall", {
    name,
    scope: "REGIONAL",
    defaultAction: { allow: {} },
    ...measured(name),
    rules: [
      {
        name: "rate",
        priority: 0,
        action: { block: {} },
        statement: {
          rateBasedStatement: { limit: requestsPerAddressMax, aggregateKeyType: "IP" },
        },
        ...measured("rate"),
      },
      {
        name: "token-rate",
        priority: 3,
        action: { block: {} },
        statement: {
          rateBasedStatement: {
            limit: requestsPerTokenMax,
            evaluationWindowSec: 60,
            aggregateKeyType: "CUSTOM_KEYS",
            customKeys: [
              {
                header: {
                  name: "authorization",
                  textTransformations: [{ priority: 0, type: "NONE" }],
                },
              },
            ],
          },
        },
        ...measured("token-rate"),
      },
      managed(1, "AWSManagedRulesCommonRuleSet", bodyRules),
      managed(2, "AWSManagedRulesKnownBadInputsRuleSet"),
    ],
  });
  new CfnWebACLAssociation(scope, "firewall-association", {
    resourceArn: api.deploymentStage.stageArn,
    webAclArn: acl.attrArn,
  });
}
