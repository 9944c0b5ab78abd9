import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import { CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";
import { failure, outerCodes } from "../../platform/http/envelope.ts";
import { hostFirewallName } from "../stages/names.ts";
import type { Stage } from "../stages/stages.ts";
import { dearPublicPattern, tencentPattern, tokenPattern } from "./firewall-patterns.ts";

/**
 * Requests from one address in five minutes. At an event thousands of viewers may share a carrier's
 * address; each of them is counted by token, and calls without a token are counted only here.
 * `dear` are public routes that cost more than a unit: lists, documents, and signing in, which
 * calls the issuer. An hour of either at its limit costs less than a dollar (docs/abuse.md).
 */
export const requestsPerAddressMax = { all: 100_000, withoutToken: 11_000, dear: 1_150 };

/**
 * Requests with one token in a minute: more than any client needs, and few enough that an hour's
 * flood costs less than a dollar (docs/abuse.md). Back ends that keep wallets may make more calls
 * there.
 */
export const requestsPerTokenMax = { wallets: 3_600, others: 1_440 };

/** The path of the wallets that back ends keep. */
const walletsPath = "/api/v1/wallets/";

/**
 * Rules that inspect bodies: chat text may look like markup or a path, so these only count, and the
 * functions validate bodies.
 * https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
 */
const countedRules = [
  "CrossSiteScripting_BODY",
  "EC2MetaDataSSRF_BODY",
  "GenericLFI_BODY",
  "GenericRFI_BODY",
  "SizeRestrictions_BODY",
  // Many back ends send no User-Agent, and a username may end like a file name.
  "NoUserAgent_HEADER",
  "RestrictedExtensions_URIPATH",
];

/** The CloudWatch settings of a rule, or of all rules. */
export const measured = (metricName: string) => ({
  visibilityConfig: { cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: false },
});

/** A group of rules maintained by AWS, some of which only count. */
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

/** Blocks addresses above this number of matching requests in five minutes. */
const rateByAddress = (
  priority: number,
  name: string,
  limit: number,
  scopeDownStatement?: CfnWebACL.StatementProperty,
) => ({
  name,
  priority,
  action: { block: {} },
  statement: {
    rateBasedStatement: {
      limit,
      aggregateKeyType: "IP",
      ...(scopeDownStatement && { scopeDownStatement }),
    },
  },
  ...measured(name),
});

/**
 * Normalizes the spellings of an Authorization header that the authorizer accepts: the scheme in
 * any case (RFC 9110, 11.1).
 */
export const tokenTransformations: CfnWebACL.TextTransformationProperty[] = [
  { priority: 0, type: "COMPRESS_WHITE_SPACE" },
  { priority: 1, type: "LOWERCASE" },
];

/** Refuses tokens used more often than this in a minute, where the statement matches. */
const rateByToken = (
  priority: number,
  name: string,
  limit: number,
  scopeDownStatement: CfnWebACL.StatementProperty,
) => ({
  name,
  priority,
  statement: {
    rateBasedStatement: {
      limit,
      evaluationWindowSec: 60,
      aggregateKeyType: "CUSTOM_KEYS",
      customKeys: [
        { header: { name: "authorization", textTransformations: tokenTransformations } },
      ],
      scopeDownStatement,
    },
  },
  ...measured(name),
});

const matches = (regexString: string, field: CfnWebACL.FieldToMatchProperty, type = "NONE") => ({
  regexMatchStatement: {
    regexString,
    fieldToMatch: field,
    textTransformations: [{ priority: 0, type }],
  },
});

/** The rules for requests; `block` is how one is refused, `counted` the rules that only count. */
function requestRules(
  block: CfnWebACL.RuleActionProperty,
  counted: readonly string[],
): CfnWebACL.RuleProperty[] {
  const isWallet = {
    byteMatchStatement: {
      searchString: walletsPath,
      fieldToMatch: { uriPath: {} },
      positionalConstraint: "CONTAINS",
      textTransformations: [{ priority: 0, type: "NONE" }],
    },
  };
  const path = { uriPath: {} };
  const authorization = { singleHeader: { Name: "authorization" } };
  const isKnown = {
    orStatement: {
      statements: [
        matches(tokenPattern, authorization, "LOWERCASE"),
        matches(tencentPattern, path),
      ],
    },
  };
  const { others, wallets } = requestsPerTokenMax;
  const own: CfnWebACL.RuleProperty[] = [
    rateByAddress(0, "rate", requestsPerAddressMax.all),
    rateByAddress(5, "rate-without-token", requestsPerAddressMax.withoutToken, {
      notStatement: { statement: isKnown },
    }),
    rateByAddress(6, "rate-dear", requestsPerAddressMax.dear, matches(dearPublicPattern(), path)),
    rateByToken(3, "token-rate", others, { notStatement: { statement: isWallet } }),
    rateByToken(4, "wallets-token-rate", wallets, isWallet),
  ];
  return [
    ...own.map((rule) => ({ ...rule, action: block })),
    managed(1, "AWSManagedRulesCommonRuleSet", counted),
    managed(2, "AWSManagedRulesKnownBadInputsRuleSet"),
  ];
}

/**
 * A web application firewall in front of REST APIs. Its refusals are our 403 (gateway responses).
 */
export function placeFirewall(scope: Construct, name: string, apis: readonly SpecRestApi[]): void {
  const rules = requestRules({ block: {} }, countedRules);
  const arns = apis.map((api) => api.deploymentStage.stageArn);
  placeRegional(scope, name, arns, rules);
}

/** The rules for API Gateway's own host names in a stage with a domain; none if they are closed. */
export const rulesOfOldNames = ({ domain }: Stage): CfnWebACL.RuleProperty[] =>
  domain?.keepsOldNames ? requestRules({ block: {} }, countedRules) : [];

/**
 * The same rules in front of a stage's domain, and so of sockets, pages and Tencent's APIs. Nothing
 * behind it can put its refusals into our form, so the rate rules include a response body; AWS's
 * own rules answer with CloudFront's page.
 * https://docs.aws.amazon.com/waf/latest/developerguide/customizing-the-response-for-blocked-requests.html
 */
export function placeHostFirewall(scope: Construct, stage: string): CfnWebACL {
  const name = hostFirewallName(stage);
  const customResponse = { responseCode: 403, customResponseBodyKey: "refused" };
  // A handshake has its token in the query, and one with many groups exceeds 2,048 bytes.
  const counted = [...countedRules, "SizeRestrictions_QUERYSTRING"];
  return new CfnWebACL(scope, "firewall", {
    name,
    scope: "CLOUDFRONT",
    defaultAction: { allow: {} },
    ...measured(name),
    customResponseBodies: {
      refused: { contentType: "APPLICATION_JSON", content: JSON.stringify(refused) },
    },
    rules: requestRules({ block: { customResponse } }, counted),
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
 * The same in front of a user pool: no rules about content, since Cognito validates that itself and
 * a refusal would reach an app as an unknown error.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-waf.html
 */
export function placePoolFirewall(scope: Construct, name: string, poolArn: string): void {
  placeRegional(
    scope,
    name,
    [poolArn],
    [
      rateByAddress(0, "rate", signInsPerAddressMax),
      managed(1, "AWSManagedRulesAmazonIpReputationList"),
      managed(2, "AWSManagedRulesKnownBadInputsRuleSet"),
    ],
  );
}

/** A firewall in front of resources by ARN, which allows everything that no rule blocks. */
export function placeRegional(
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
    ...measured(name),
    rules,
  });
  for (const [at, resourceArn] of resourceArns.entries())
    new CfnWebACLAssociation(scope, `firewall-association${at > 0 ? `-${at}` : ""}`, {
      resourceArn,
      webAclArn: acl.attrArn,
    });
}
