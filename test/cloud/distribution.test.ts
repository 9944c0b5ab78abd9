import { describe, expect, test } from "@jest/globals";
import { isAccepted } from "../../lib/nag.ts";
import type { Domain } from "../../lib/stages/domain.ts";
import { type Stage, stageNamed } from "../../lib/stages/stages.ts";
import {
  flat,
  functionsOf,
  resourcesOf,
  synthesize,
  synthesizeAgain,
  templatesOf,
  theResource,
} from "./templates.ts";

/*
 * A stage with a domain. None of ours has one, since a name is its operator's: these are prod and
 * dev as they would be with `live.acme.com`.
 */

const zone = { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" };
const imported =
  "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";
const place = { account: "111122223333", region: "eu-central-1" };
const given = (name: string): Stage => stageNamed(name);
const withDomain = (name: string, domain: Domain) =>
  synthesize({ ...given(name), ...place, domain });

const made = await withDomain("prod", { name: "live.acme.com", zone });
const { templates } = made;
const unguarded = await withDomain("dev", {
  name: "live.acme.com",
  certificate: imported,
});
const { templates: open } = unguarded;
const today = {
  dev: await templatesOf({ stage: "dev" }),
  prod: await templatesOf({ stage: "prod" }),
};

const config = (of = templates) =>
  theResource(of, "AWS::CloudFront::Distribution", "host").Properties.DistributionConfig;

/** The behaviour that CloudFront selects for a path: the first with a matching pattern. */
function behaviorOf(path: string) {
  const { CacheBehaviors, DefaultCacheBehavior } = config();
  const fits = ({ PathPattern }: { PathPattern: string }) =>
    new RegExp(
      `^${PathPattern.replace(/^\/?/, "/").replaceAll(".", "\\.").replaceAll("*", ".*")}$`,
    ).test(path);
  return CacheBehaviors.find(fits) ?? DefaultCacheBehavior;
}

/** The target of a path: the origin's domain name and path prefix. */
function originOf(path: string): string {
  const { Origins } = config();
  const { TargetOriginId } = behaviorOf(path);
  const origin = Origins.find(({ Id }: { Id: string }) => Id === TargetOriginId);
  const address = flat(origin.DomainName);
  const [, stack, id] = /ovation-\w+-(\w+):ExportsOutputRef(\w+?)[0-9A-F]{8}/.exec(address) ?? [];
  const api = stack && `${stack} ${id}`;
  return `${api ?? (address.includes("pages") ? "pages" : address)}${flat(origin.OriginPath ?? "")}`;
}

test("without a domain no stage has any of its resources, and prod's firewall is the HTTP API's", () => {
  for (const one of [today.dev, today.prod]) {
    expect(Object.keys(one)).not.toContain("host");
    expect(Object.keys(one)).not.toContain("edge");
    expect(JSON.stringify(one)).not.toMatch(/CloudFront::|origin-key|DOMAIN/);
  }
  const [acl, ...more] = resourcesOf(today.prod, "AWS::WAFv2::WebACL", "http");
  expect(more).toEqual([]);
  expect(acl?.Properties.DefaultAction).toEqual({ Allow: {} });
});

test("every stack stays within CloudFormation's and CloudFront's limits", () => {
  for (const [name, resources] of Object.entries(templates))
    expect([name, Object.keys(resources).length < 500]).toEqual([name, true]);
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
  expect(config().CacheBehaviors.length).toBeLessThan(75);
  expect(config().Origins.length).toBeLessThan(100);
  expect(resourcesOf(templates, "AWS::CloudFront::CachePolicy").length).toBeLessThanOrEqual(5);
  for (const { Properties } of resourcesOf(templates, "AWS::CloudFront::ResponseHeadersPolicy"))
    expect(JSON.stringify(Properties).length).toBeLessThan(5_000);
});

describe("one host name", () => {
  test.each([
    ["/", "pages"],
    ["/console", "pages"],
    ["/overlay", "pages"],
    ["/assets/console-ABC.js", "pages"],
    ["/embed/chat.js", "pages"],
    ["/pictures/rose.svg", "pages"],
    ["/pictures/rose.moving.svg", "pages"],
    ["/pictures/64d15f9e2e6c8f4d5a123000", "pictures api"],
    ["/v4/live_engine_http_svc/create_room", "tencent api"],
    ["/tencent/callback", "tencent callbackapi"],
    ["/ws", "realtime api"],
    ["/docs", "http api/prod"],
    ["/docs/events", "http api/prod"],
    ["/openapi.json", "http api/prod"],
    ["/health", "http api/prod"],
    ["/api/v1/gifts/create", "http api/prod"],
    ["/api/v1/live-stream/featured", "http api/prod"],
    ["/nothing/here", "http api/prod"],
  ])("%s is answered by %s", (path, origin) => {
    expect(originOf(path)).toBe(origin);
  });

  test("has its DNS records in its zone and its certificate in CloudFront's region", () => {
    const certificate = theResource(templates, "AWS::CertificateManager::Certificate", "edge");
    expect(certificate.Properties).toMatchObject({
      DomainName: "live.acme.com",
      ValidationMethod: "DNS",
      DomainValidationOptions: [{ DomainName: "live.acme.com", HostedZoneId: zone.id }],
    });
    expect(config().Aliases).toEqual(["live.acme.com"]);
    expect(config().ViewerCertificate).toMatchObject({
      AcmCertificateArn: {
        "Fn::GetStackOutput": { StackName: "ovation-prod-edge", Region: "us-east-1" },
      },
      MinimumProtocolVersion: "TLSv1.2_2021",
      SslSupportMethod: "sni-only",
    });
    const records = resourcesOf(templates, "AWS::Route53::RecordSet", "host");
    expect(records.map(({ Properties }) => [Properties.Name, Properties.Type]).sort()).toEqual([
      ["live.acme.com.", "A"],
      ["live.acme.com.", "AAAA"],
    ]);
  });

  test("may have an existing certificate, and then creates no DNS record", () => {
    expect(config(open).ViewerCertificate.AcmCertificateArn).toBe(imported);
    expect(resourcesOf(open, "AWS::Route53::RecordSet")).toEqual([]);
    expect(resourcesOf(open, "AWS::CertificateManager::Certificate")).toEqual([]);
  });

  test("is among the origins that may call and connect, and to which sign-in redirects", () => {
    const { properties } = functionsOf(templates).get("ovation-prod-auth-socket")!;
    expect(properties.Environment.Variables.ORIGINS.split(",")).toContain("https://live.acme.com");
    const clients = resourcesOf(templates, "AWS::Cognito::UserPoolClient", "identity");
    expect(clients.flatMap(({ Properties }) => Properties.CallbackURLs ?? [])).toContain(
      "https://live.acme.com/console",
    );
    const { properties: create } = functionsOf(templates).get("ovation-prod-streams-create")!;
    expect(create.Environment.Variables.PICTURES_URL).toBe("https://live.acme.com/pictures");
    expect(
      functionsOf(open).get("ovation-dev-auth-socket")!.properties.Environment.Variables.ORIGINS,
    ).toBe("*");
  });
});

test("only the two API descriptions know their URL", () => {
  const told = [...functionsOf(templates)].flatMap(([name, { properties }]) => {
    const url = properties.Environment.Variables.PUBLIC_URL;
    return url === undefined ? [] : [[name, url]];
  });
  expect(told.sort()).toEqual([
    ["ovation-prod-app-asyncapi", "https://live.acme.com"],
    ["ovation-prod-app-openapi", "https://live.acme.com"],
  ]);
});

describe("CloudFront's requests to the APIs", () => {
  const apiPaths = ["/api/v1/wallet", "/ws", "/v4/x/y", "/tencent/callback", "/health"];
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
  const allViewerExceptHost = "b689b0a8-53d0-40ab-baf2-68738e2966ac";
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  const cachingDisabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

  test.each(apiPaths)(
    "%s: forward everything except for the host, only by TLS, and are not cached",
    (path) => {
      const behavior = behaviorOf(path);
      expect(behavior).toMatchObject({
        ViewerProtocolPolicy: "https-only",
        OriginRequestPolicyId: allViewerExceptHost,
        CachePolicyId: cachingDisabled,
      });
      expect([...behavior.AllowedMethods].sort()).toEqual(
        ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"].sort(),
      );
    },
  );

  test("cacheable responses are cached, separately for each token and page, and no longer than they say", () => {
    const paths = ["/api/v1/live-stream/featured", "/docs", "/openapi.json", "/v1/app-config"];
    const policies = new Set(paths.map((path) => flat(behaviorOf(path).CachePolicyId)));
    expect(policies.size).toBe(1);
    for (const { Properties } of resourcesOf(templates, "AWS::CloudFront::CachePolicy")) {
      const {
        MinTTL,
        DefaultTTL,
        MaxTTL,
        Name,
        ParametersInCacheKeyAndForwardedToOrigin: key,
      } = Properties.CachePolicyConfig;
      expect([MinTTL, DefaultTTL]).toEqual([0, 0]);
      expect(MaxTTL).toBe(Name === "ovation-prod-pictures" ? 5 : 300);
      expect(key.HeadersConfig.Headers).toEqual(
        expect.arrayContaining(["Authorization", "Origin"]),
      );
      // Unknown query parameters do not change a response: `?n=1` and `?n=2` are cached as one.
      const { QueryStringBehavior, QueryStrings = [] } = key.QueryStringsConfig;
      expect(QueryStringBehavior).toBe(Name === "ovation-prod-pictures" ? "none" : "whitelist");
      expect(QueryStrings).not.toContain("n");
      // CloudFront's quotas for one policy.
      expect(key.HeadersConfig.Headers.length).toBeLessThanOrEqual(10);
      expect(QueryStrings.length).toBeLessThanOrEqual(10);
    }
    for (const path of paths)
      expect(behaviorOf(path).OriginRequestPolicyId).toBe(allViewerExceptHost);
  });

  test("a failure is not cached", () => {
    const kept = config().CustomErrorResponses.filter(
      ({ ErrorCachingMinTTL }: { ErrorCachingMinTTL: number }) => ErrorCachingMinTTL !== 0,
    );
    expect(kept).toEqual([]);
    expect(config().CustomErrorResponses.length).toBe(10);
  });
});

describe("the firewall", () => {
  const rulesOf = (of: typeof templates, stack: string) =>
    theResource(of, "AWS::WAFv2::WebACL", stack).Properties.Rules;
  const nameOf = ({ Properties }: { Properties: { Name: string } }) => Properties.Name;
  const withoutActions = (rules: object[]) => rules.map((rule) => ({ ...rule, Action: undefined }));

  test("is in front of the domain with the rules of the HTTP API, and one more that only counts", () => {
    const acl = theResource(templates, "AWS::WAFv2::WebACL", "edge").Properties;
    expect(acl.Scope).toBe("CLOUDFRONT");
    const counted = (rules: ReturnType<typeof rulesOf>) =>
      rules.flatMap(
        (rule: ReturnType<typeof rulesOf>) =>
          rule.Statement.ManagedRuleGroupStatement?.RuleActionOverrides ?? [],
      );
    const [edge, api] = [acl.Rules, rulesOf(today.prod, "http")];
    expect(counted(edge).length).toBe(counted(api).length + 1);
    const text = JSON.stringify(withoutActions(edge));
    const more = '{"ActionToUse":{"Count":{}},"Name":"SizeRestrictions_QUERYSTRING"}';
    expect(text.replace(`,${more}`, "")).toBe(JSON.stringify(withoutActions(api)));
    expect(config().WebACLId).toMatchObject({
      "Fn::GetStackOutput": { StackName: "ovation-prod-edge", Region: "us-east-1" },
    });
  });

  test("answers callers beyond its rate in our error format", () => {
    const acl = theResource(templates, "AWS::WAFv2::WebACL", "edge").Properties;
    const { Content } = acl.CustomResponseBodies.refused;
    expect(JSON.parse(Content)).toMatchObject({ isSuccess: false, statusCode: 403, data: null });
    for (const { Action } of acl.Rules)
      if (Action !== undefined)
        expect(Action).toEqual({
          Block: { CustomResponse: { ResponseCode: 403, CustomResponseBodyKey: "refused" } },
        });
  });

  test("cannot be bypassed: REST APIs only accept requests with CloudFront's key", () => {
    const associations = resourcesOf(templates, "AWS::WAFv2::WebACLAssociation");
    const locked = associations.filter(({ Properties }) =>
      /stage/i.test(flat(Properties.ResourceArn)),
    );
    expect(locked.length).toBe(4);
    for (const stack of ["http", "tencent"]) {
      const acl = theResource(templates, "AWS::WAFv2::WebACL", stack).Properties;
      expect(acl.DefaultAction).toEqual({ Block: {} });
      expect(acl.Rules.length).toBe(1);
      const { SearchString, FieldToMatch } = acl.Rules[0].Statement.ByteMatchStatement;
      expect(FieldToMatch).toEqual({ SingleHeader: { Name: "x-origin-key" } });
      expect(flat(SearchString)).toMatch(/^\{\{resolve:secretsmanager:.+:SecretString:::?\}\}$/);
    }
    for (const origin of config().Origins.filter((one: object) => "CustomOriginConfig" in one))
      expect(origin.OriginCustomHeaders).toEqual([
        { HeaderName: "x-origin-key", HeaderValue: expect.anything() },
      ]);
  });

  test("keeps the rules of the old host names for callers while the stage says so", async () => {
    const moving = await withDomain("prod", { name: "live.acme.com", zone, keepsOldNames: true });
    const [key, ...others] = rulesOf(moving.templates, "http");
    expect([key.Name, key.Priority, key.Action]).toEqual(["origin-key", 0, { Allow: {} }]);
    const before = rulesOf(today.prod, "http").map((rule: { Priority: number }) => ({
      ...rule,
      Priority: rule.Priority + 1,
    }));
    expect(others).toEqual(before);
    expect(
      theResource(moving.templates, "AWS::WAFv2::WebACL", "http").Properties.DefaultAction,
    ).toEqual({ Allow: {} });
  });

  test("is updated in place when a stage gets a domain, since a replacement would delete it", () => {
    const idsOf = (of: typeof templates) =>
      Object.entries(of.http!).flatMap(([id, { Type, Properties }]) =>
        Type.startsWith("AWS::WAFv2::") ? [[id, Properties.Name]] : [],
      );
    expect(idsOf(templates)).toEqual(expect.arrayContaining(idsOf(today.prod)));
  });

  test("of a stage that has none is not used: it has no rules, and no API demands the key", () => {
    expect(config(open).WebACLId).toBeUndefined();
    expect(rulesOf(open, "edge")).toEqual([]);
    expect(resourcesOf(open, "AWS::WAFv2::WebACL").length).toBe(1);
    // CloudFront sends it anyway: the APIs demand it some minutes before CloudFront is deployed.
    for (const origin of config(open).Origins.filter((one: object) => "CustomOriginConfig" in one))
      expect(origin.OriginCustomHeaders).toMatchObject([{ HeaderName: "x-origin-key" }]);
    expect(resourcesOf(open, "AWS::SecretsManager::Secret").map(nameOf)).toContain(
      "ovation/dev/edge",
    );
  });
});

test("pages come from a private bucket, and may not be framed", () => {
  const policy = theResource(templates, "AWS::S3::BucketPolicy", "host").Properties.PolicyDocument;
  const allowed = policy.Statement.filter(({ Effect }: { Effect: string }) => Effect === "Allow");
  expect(allowed.length).toBeGreaterThan(0);
  for (const { Principal, Condition } of allowed) {
    expect(Principal).toEqual({ Service: "cloudfront.amazonaws.com" });
    expect(Object.keys(Condition.StringEquals)).toEqual(["AWS:SourceArn"]);
  }
  expect(behaviorOf("/").FunctionAssociations).toHaveLength(1);
  const { FunctionCode } = theResource(templates, "AWS::CloudFront::Function", "host").Properties;
  const answer = new Function(`${FunctionCode}; return handler();`)();
  expect(answer).toMatchObject({
    statusCode: 302,
    headers: { location: { value: "/console" }, "cache-control": { value: "no-store" } },
  });
});

test("browsers use only TLS for the pages' host for a year, and for no other host of the operator", () => {
  const policies = resourcesOf(templates, "AWS::CloudFront::ResponseHeadersPolicy", "host");
  expect(policies.length).toBeGreaterThan(3);
  for (const { Properties } of policies) {
    const { SecurityHeadersConfig } = Properties.ResponseHeadersPolicyConfig;
    expect(SecurityHeadersConfig.StrictTransportSecurity).toMatchObject({
      AccessControlMaxAgeSec: 31_536_000,
      IncludeSubdomains: false,
    });
  }
});

test("every finding of AWS's rules has its reason, in any stage without a firewall too", async () => {
  const domain = { name: "live.acme.com", zone };
  const off = await synthesize({ ...given("prod"), ...place, domain, firewall: false });
  const found = [...made.findings, ...unguarded.findings, ...off.findings];
  const unexplained = found.filter(({ rule, path }) => !isAccepted(rule, path));
  expect(unexplained).toEqual([]);
});

test("two syntheses of a stage with a domain are the same", async () => {
  const again = await synthesizeAgain({
    ...given("prod"),
    ...place,
    domain: { name: "live.acme.com", zone },
  });
  // Bundles may have been rebuilt meanwhile; their content is not part of the stacks.
  const withoutBundles = (of: typeof templates) =>
    JSON.stringify(of).replace(/"S3Key":"\w+\.zip"/g, "");
  expect(withoutBundles(again.templates)).toBe(withoutBundles(templates));
});
