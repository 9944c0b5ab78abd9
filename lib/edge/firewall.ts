import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import { CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";
import { failure, outerCodes } from "../../platform/http/envelope.ts";
import { hostFirewallName } from "../stages/names.ts";
import type { Stage } from "../stages/stages.ts";
import {
  countedRules,
  managedRuleGroup,
  rateByAddress,
  requestRules,
  withMetric,
} from "./firewall-rules.ts";

/**
 * A firewall in front of REST APIs, by default with all rates. The gateway turns its refusals into
 * our 403.
 */
export function addFirewall(
  scope: Construct,
  name: string,
  apis: readonly SpecRestApi[],
  rates?: CfnWebACL.RuleProperty[],
): void {
  const rules = requestRules({ block: {} }, countedRules, rates);
  const arns = apis.map((api) => api.deploymentStage.stageArn);
  addRegionalFirewall(scope, name, arns, rules);
}

/** The rules for API Gateway's own host names in a stage with a domain; none if they are closed. */
export const rulesOfOldNames = ({ domain }: Stage): CfnWebACL.RuleProperty[] =>
  domain?.keepsOldNames ? requestRules({ block: {} }, countedRules) : [];

/**
 * A firewall in front of a stage's domain, and so of sockets, pages and Tencent's APIs, with the
 * rules of `addFirewall`. Nothing behind it can put its refusals into our form, so the rate rules
 * include a response body; AWS's own rules answer with CloudFront's page. A stage without a
 * firewall has it without rules: the distribution, which is deployed later, still uses it, so it
 * cannot be deleted.
 * https://docs.aws.amazon.com/waf/latest/developerguide/customizing-the-response-for-blocked-requests.html
 */
export function addDistributionFirewall(scope: Construct, stage: Stage): CfnWebACL {
  const name = hostFirewallName(stage.name);
  const customResponse = { responseCode: 403, customResponseBodyKey: "refused" };
  // A handshake has its token in the query, and one with many groups exceeds 2,048 bytes.
  const counted = [...countedRules, "SizeRestrictions_QUERYSTRING"];
  return new CfnWebACL(scope, "firewall", {
    name,
    scope: "CLOUDFRONT",
    defaultAction: { allow: {} },
    ...withMetric(name),
    customResponseBodies: {
      refused: { contentType: "APPLICATION_JSON", content: JSON.stringify(refused) },
    },
    rules: stage.firewall ? requestRules({ block: { customResponse } }, counted) : [],
  });
}

/** Our envelope, as far as a firewall can generate it: it has no time. */
const refused = failure(403, outerCodes[403], "");

/**
 * Requests of one address to the user pool in five minutes: a sign-in takes three, and the viewers
 * of an event who share an address do not all sign in at once.
 */
const signInsPerAddressMax = 3_000;

/**
 * A firewall in front of a user pool: no rules about content, since Cognito validates that itself
 * and a refusal would reach an app as an unknown error.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-waf.html
 */
export function addPoolFirewall(scope: Construct, name: string, poolArn: string): void {
  addRegionalFirewall(
    scope,
    name,
    [poolArn],
    [
      rateByAddress(0, "rate", signInsPerAddressMax),
      managedRuleGroup(1, "AWSManagedRulesAmazonIpReputationList"),
      managedRuleGroup(2, "AWSManagedRulesKnownBadInputsRuleSet"),
    ],
  );
}

/** A firewall in front of resources by ARN, which allows everything that no rule blocks. */
export function addRegionalFirewall(
  scope: Construct,
  name: string,
  resourceArns: readonly string[],
  rules: CfnWebACL.RuleProperty[],
  defaultAction: CfnWebACL.DefaultActionProperty = { allow: {} },
): void {
  const acl = new CfnWebACL(scope, "firewall", {
    name,
    scope: "REGIONAL",
    defaultAction,
    ...withMetric(name),
    rules,
  });
  for (const [at, resourceArn] of resourceArns.entries())
    new CfnWebACLAssociation(scope, `firewall-association${at > 0 ? `-${at}` : ""}`, {
      resourceArn,
      webAclArn: acl.attrArn,
    });
}
