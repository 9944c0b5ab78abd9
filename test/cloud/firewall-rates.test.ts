import { expect, test } from "@jest/globals";
import { DeviceToken } from "../../domain/people/device.ts";
import { pictureIdOf, usualBytesMax } from "../../domain/picture.ts";
import { resourcesOf, templatesOf, theResource } from "./templates.ts";

/** A request as the firewall sees it. */
type Request = { path: string; authorization?: string };

type Transformed = { TextTransformations: { Priority: number; Type: string }[] };

/** The statements that our rates use, in CloudFormation's form. */
type Statement = {
  RegexMatchStatement?: Transformed & { RegexString: string; FieldToMatch: Field };
  NotStatement?: { Statement: Statement };
  OrStatement?: { Statements: Statement[] };
};
type Field = { UriPath?: object; SingleHeader?: { Name: string } };

type Rule = {
  Name: string;
  Statement: { RateBasedStatement?: Rate };
};
type Rate = {
  AggregateKeyType: "IP" | "CUSTOM_KEYS";
  CustomKeys?: { Header: Transformed & { Name: string } }[];
  ScopeDownStatement?: Statement;
};

/** https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-transformation.html */
const transformations: Record<string, (text: string) => string> = {
  COMPRESS_WHITE_SPACE: (text) => text.replace(/\s+/g, " "),
  LOWERCASE: (text) => text.toLowerCase(),
  URL_DECODE: decodeURIComponent,
};

function transformed({ TextTransformations: steps }: Transformed, text: string): string {
  const inOrder = [...steps].sort((one, other) => one.Priority - other.Priority);
  return inOrder.reduce((text, { Type }) => transformations[Type]!(text), text);
}

function fieldOf({ UriPath, SingleHeader }: Field, { path, authorization }: Request) {
  if (UriPath) return path;
  if (SingleHeader?.Name === "authorization") return authorization;
  throw new Error(`Unknown field: ${JSON.stringify(SingleHeader)}`);
}

/** Whether a request matches. As in WAF, a header that is missing matches nothing. */
function matches(statement: Statement, request: Request): boolean {
  const { RegexMatchStatement: regex, NotStatement: not, OrStatement: or } = statement;
  if (not) return !matches(not.Statement, request);
  if (or) return or.Statements.some((one) => matches(one, request));
  if (!regex) throw new Error(`Unknown statement: ${Object.keys(statement)}`);
  const text = fieldOf(regex.FieldToMatch, request);
  return text !== undefined && new RegExp(regex.RegexString).test(transformed(regex, text));
}

const prod = await templatesOf({ stage: "prod" });
const rules: Rule[] = theResource(prod, "AWS::WAFv2::WebACL", "http").Properties.Rules;

test("every rule of prod's firewalls blocks, and is counted, but no sample of a request is stored", () => {
  const acls = resourcesOf(prod, "AWS::WAFv2::WebACL").map(({ Properties }) => Properties);
  expect(acls.length).toBeGreaterThan(2);
  for (const { Name, Rules, VisibilityConfig } of acls)
    for (const rule of [...Rules, { Name, VisibilityConfig }]) {
      // Samples contain headers, and so tokens.
      expect([Name, rule.Name, rule.VisibilityConfig]).toMatchObject([
        ...[Name, rule.Name],
        { CloudWatchMetricsEnabled: true, SampledRequestsEnabled: false },
      ]);
      if (rule.Statement?.ManagedRuleGroupStatement)
        expect([Name, rule.Name, rule.OverrideAction]).toEqual([Name, rule.Name, { None: {} }]);
      else if (rule.Statement)
        expect([Name, rule.Name, rule.Action]).toEqual([Name, rule.Name, { Block: {} }]);
    }
});

/** The rates that count a request, without `rate`, which counts all. */
function ratesOf(path: string, authorization?: string): string[] {
  const request = { path, ...(authorization !== undefined && { authorization }) };
  return rules.flatMap(({ Name, Statement: { RateBasedStatement: rate } }) => {
    if (rate === undefined) return [];
    const isKeyed = rate.AggregateKeyType === "IP" || authorization !== undefined;
    const { ScopeDownStatement: scope } = rate;
    return isKeyed && (scope === undefined || matches(scope, request)) ? [Name] : [];
  });
}

const token = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ";
const byAddress = ["rate", "rate-without-token"];
const small = "6920b3f803a7b9d4e21c0f5a";
const large = pictureIdOf(small, usualBytesMax + 1);

/*
 * Planted faults that turn this red: a rate with another rate's pattern, uploads without the route
 * of gift images, unchecked routes that count only without a token.
 */
test.each<[what: string, path: string, withToken: string[], without: string[]]>([
  ["a call", "/http/api/v1/users/me", ["rate", "token-rate"], byAddress],
  ["a wallet's call", "/http/api/v1/wallets/ann/debit", ["rate", "wallets-token-rate"], byAddress],
  [
    "an upload",
    "/http/api/v1/users/me/photo",
    ["rate", "token-rate", "uploads-token-rate"],
    byAddress,
  ],
  [
    "an upload of a gift's image",
    "/http/api/v1/gifts/gift-types/rose/image",
    ["rate", "token-rate", "uploads-token-rate"],
    byAddress,
  ],
  [
    "a public list",
    "/http/api/v1/live-stream/featured",
    ["rate", "rate-dear", "token-rate"],
    [...byAddress, "rate-dear"],
  ],
  ["a route that checks no token", "/http/api/v1/health", [...byAddress, "token-rate"], byAddress],
  ["Tencent's API", "/v4/live_engine_http_srv/send_gift", ["rate", "token-rate"], ["rate"]],
  [
    "a stored picture",
    `/pictures/${small}`,
    [...byAddress, "rate-pictures", "token-rate"],
    [...byAddress, "rate-pictures"],
  ],
  ["a small size", `/pictures/${large}-76`, [...byAddress, "token-rate"], byAddress],
  [
    "a large picture",
    `/pictures/${large}`,
    [...byAddress, "rate-pictures", "rate-large-pictures", "token-rate"],
    [...byAddress, "rate-pictures", "rate-large-pictures"],
  ],
])("%s is counted by its rates only, with and without a token", (_, path, withToken, without) => {
  expect(ratesOf(path, token).sort()).toEqual([...withToken].sort());
  expect(ratesOf(path, token.replace("Bearer ", "bearer ")).sort()).toEqual([...withToken].sort());
  expect(ratesOf(path).sort()).toEqual([...without].sort());
});

test("a token is one key, however its scheme is spelled", () => {
  for (const { Name, Statement } of rules)
    for (const { Header } of Statement.RateBasedStatement?.CustomKeys ?? []) {
      const spellings = [token, token.replace("Bearer ", "bEARER   ")];
      const keys = new Set(spellings.map((one) => transformed(Header, one)));
      expect([Name, Header.Name, keys.size]).toEqual([Name, "authorization", 1]);
    }
});

test("a path may hold a push token of 4,096 bytes, though AWS's rules allow paths of 1,024", () => {
  expect(DeviceToken.safeParse("t".repeat(4_096)).success).toBe(true);
  const text = JSON.stringify(rules);
  expect(text).toContain('{"ActionToUse":{"Count":{}},"Name":"SizeRestrictions_URIPATH"}');
});
