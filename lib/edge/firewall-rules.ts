import type { CfnWebACL } from "aws-cdk-lib/aws-wafv2";
import {
  expensivePublicPatterns,
  picturePatterns,
  tencentPattern,
  tokenPattern,
  uncheckedPatterns,
  uploadPatterns,
} from "./firewall-patterns.ts";

/**
 * Requests from one address in five minutes. At an event thousands of viewers may share a carrier's
 * address; each of them is counted by token, and calls whose token nobody checks are counted only
 * here. `expensive` are public routes that cost more than a unit: lists, documents, and signing in,
 * which calls the issuer. `pictures` are stored files and their size 480, `largePictures` the files
 * of more than 256 KB. An hour of each at its limit costs less than a dollar (docs/abuse.md).
 */
export const requestsPerAddressMax = {
  all: 100_000,
  unchecked: 10_000,
  expensive: 1_000,
  pictures: 2_750,
  largePictures: 240,
};

/**
 * Requests with one token in a minute: more than any client needs, and few enough that an hour's
 * flood costs less than a dollar (docs/abuse.md). Back ends that keep wallets may make more calls
 * there.
 */
export const requestsPerTokenMax = { wallets: 3_600, others: 1_440 };

/**
 * Uploads with one token in five minutes. A user's daily kilobytes are counted by the functions,
 * but only after the gateway has taken the body, up to 10 MB.
 */
export const uploadsPerTokenMax = 100;

/** The path of the wallets that back ends keep. */
const walletsPattern = "/api/v1/wallets/";

/**
 * Rules that would refuse valid calls only count. Most inspect bodies: chat text may look like
 * markup or a path, and the functions validate bodies.
 * https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
 */
export const countedRules = [
  "CrossSiteScripting_BODY",
  "EC2MetaDataSSRF_BODY",
  "GenericLFI_BODY",
  "GenericRFI_BODY",
  "SizeRestrictions_BODY",
  // The token of a push device in a path may have 4,096 bytes, and the rule allows 1,024.
  "SizeRestrictions_URIPATH",
  // Many back ends send no User-Agent, and a username may end like a file name.
  "NoUserAgent_HEADER",
  "RestrictedExtensions_URIPATH",
];

/** The CloudWatch settings of a rule, or of all rules. */
export const withMetric = (metricName: string) => ({
  visibilityConfig: { cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: false },
});

/** A group of rules maintained by AWS, some of which only count. */
export const managedRuleGroup = (
  priority: number,
  group: string,
  counted: readonly string[] = [],
) => ({
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
  ...withMetric(group),
});

/** Blocks addresses above this number of matching requests in five minutes. */
export const rateByAddress = (
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
  ...withMetric(name),
});

/**
 * Normalizes the spellings of an Authorization header that the authorizer accepts: the scheme in
 * any case (RFC 9110, 11.1).
 */
export const tokenTransformations: CfnWebACL.TextTransformationProperty[] = [
  { priority: 0, type: "COMPRESS_WHITE_SPACE" },
  { priority: 1, type: "LOWERCASE" },
];

/** A rule for tokens with more matching requests than `limit` in the window; without its action. */
const rateByToken = (
  priority: number,
  name: string,
  limit: number,
  scopeDownStatement: CfnWebACL.StatementProperty,
  evaluationWindowSec = 60,
) => ({
  name,
  priority,
  statement: {
    rateBasedStatement: {
      limit,
      evaluationWindowSec,
      aggregateKeyType: "CUSTOM_KEYS",
      customKeys: [
        { header: { name: "authorization", textTransformations: tokenTransformations } },
      ],
      scopeDownStatement,
    },
  },
  ...withMetric(name),
});

const matches = (
  regexString: string,
  fieldToMatch: CfnWebACL.FieldToMatchProperty,
  type: string,
) => ({
  regexMatchStatement: {
    regexString,
    fieldToMatch,
    textTransformations: [{ priority: 0, type }],
  },
});

const not = (statement: CfnWebACL.StatementProperty) => ({ notStatement: { statement } });

/** Matches if one of the statements does; WAF refuses an `orStatement` with only one. */
function either(...statements: CfnWebACL.StatementProperty[]): CfnWebACL.StatementProperty {
  const [first, ...others] = statements;
  return first && others.length === 0 ? first : { orStatement: { statements } };
}

/** Matches paths as the gateway decodes them. */
const isPath = (...patterns: string[]) =>
  either(...patterns.map((pattern) => matches(pattern, { uriPath: {} }, "URL_DECODE")));

/** The rate of all requests: for Tencent's APIs the only one, since they take no token. */
export const addressRate = () => rateByAddress(0, "rate", requestsPerAddressMax.all);

/** The rates of requests. */
function rateRules(): CfnWebACL.RuleProperty[] {
  const authorization = { singleHeader: { Name: "authorization" } };
  const isToken = matches(tokenPattern, authorization, "LOWERCASE");
  const patterns = picturePatterns();
  const isUnchecked = isPath(patterns.all, ...uncheckedPatterns());
  const isWallet = isPath(walletsPattern);
  const { unchecked, expensive, pictures, largePictures } = requestsPerAddressMax;
  const { others, wallets } = requestsPerTokenMax;
  return [
    addressRate(),
    rateByAddress(
      5,
      "rate-without-token",
      unchecked,
      either(not(either(isToken, isPath(tencentPattern))), isUnchecked),
    ),
    rateByAddress(6, "rate-dear", expensive, isPath(...expensivePublicPatterns())),
    rateByAddress(8, "rate-pictures", pictures, isPath(patterns.usual)),
    rateByAddress(9, "rate-large-pictures", largePictures, isPath(patterns.large)),
    rateByToken(3, "token-rate", others, not(isWallet)),
    rateByToken(4, "wallets-token-rate", wallets, isWallet),
    rateByToken(7, "uploads-token-rate", uploadsPerTokenMax, isPath(...uploadPatterns()), 300),
  ];
}

/** The rules for requests; `block` is how one is refused, `counted` the rules that only count. */
export function requestRules(
  block: CfnWebACL.RuleActionProperty,
  counted: readonly string[],
  rates = rateRules(),
): CfnWebACL.RuleProperty[] {
  return [
    ...rates.map((rule) => ({ ...rule, action: block })),
    managedRuleGroup(1, "AWSManagedRulesCommonRuleSet", counted),
    managedRuleGroup(2, "AWSManagedRulesKnownBadInputsRuleSet"),
  ];
}
