import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import { CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";

/** Requests from one address in five minutes: many viewers may share one. */
const requestsPerAddressMax = 30_000;

/**
 * Requests with one token in a minute: more than anybody needs, and so few that a flood for an hour
 * costs less than a dollar (docs/abuse.md). Back ends that keep wallets may make more calls there.
 */
export const requestsPerTokenMax = { wallets: 3_600, others: 2_400 };

/** Where in the API the wallets are that back ends keep. */
const walletsPath = "/api/v1/wallets/";

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
  const isWallet = {
    byteMatchStatement: {
      searchString: walletsPath,
      fieldToMatch: { uriPath: {} },
      positionalConstraint: "CONTAINS",
      textTransformations: [{ priority: 0, type: "NONE" }],
    },
  };
  const tokenRate = (
    priority: number,
    rule: string,
    limit: number,
    scopeDownStatement: CfnWebACL.StatementProperty,
  ) => ({
    name: rule,
    priority,
    action: { block: {} },
    statement: {
      rateBasedStatement: {
        limit,
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
        scopeDownStatement,
      },
    },
    ...measured(rule),
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
      tokenRate(3, "token-rate", requestsPerTokenMax.others, {
        notStatement: { statement: isWallet },
      }),
      tokenRate(4, "wallets-token-rate", requestsPerTokenMax.wallets, isWallet),
      managed(1, "AWSManagedRulesCommonRuleSet", bodyRules),
      managed(2, "AWSManagedRulesKnownBadInputsRuleSet"),
    ],
  });
  new CfnWebACLAssociation(scope, "firewall-association", {
    resourceArn: api.deploymentStage.stageArn,
    webAclArn: acl.attrArn,
  });
}
