import { describe, expect, test } from "@jest/globals";
import { stageNamed } from "../../lib/stages/stages.ts";
import { synthesize } from "./templates.ts";

const prod = stageNamed("prod");
/** Stages with all options: a domain in a zone, and a relay with the maximum number of tasks. */
const whole = {
  ...prod,
  account: "111122223333",
  region: "eu-central-1",
  domain: { name: "live.acme.com", zone: { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" } },
  relay: { minTasks: 2, maxTasks: 58, fromViewers: 2_000 },
};
const stages = await Promise.all(
  Object.entries({ prod, "prod with a domain and a relay": whole }).map(
    async ([name, stage]) => [name, (await synthesize(stage)).stacks] as const,
  ),
);
type Stacks = (typeof stages)[number][1];

/**
 * CloudFormation's limits for one template.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
const templateLimits = { bytes: 1_000_000, resources: 500, outputs: 200, parameters: 200 };

/**
 * API Gateway's limits for one API; a REST API's document is imported.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
 */
const apiLimits = { resources: 300, authorizers: 10, documentBytes: 6_000_000 };
const socketLimits = { routes: 300, integrations: 300, authorizers: 10 };

/**
 * Above this share of a limit, split the stack (lib/api/endpoints.ts) before the limit forces it.
 */
const share = 0.8;

type Sizes = Record<string, number>;
const tooLarge = (name: string, sizes: Sizes, limits: Sizes) =>
  Object.entries(limits)
    .filter(([what, most]) => sizes[what]! > share * most)
    .map(([what, most]) => `${name} has ${sizes[what]} ${what} of ${most}`);

/**
 * Limits of a function's environment (Lambda), a task definition (ECS) and a role's inline policies
 * (IAM), in characters without spaces.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const textLimits: Record<string, { max: number; textOf(properties: Properties): unknown }> = {
  "AWS::Lambda::Function": { max: 4_096, textOf: ({ Environment }) => Environment },
  "AWS::ECS::TaskDefinition": { max: 65_536, textOf: (properties) => properties },
  "AWS::IAM::Role": { max: 10_240, textOf: ({ Policies }) => Policies },
};
/**
 * WAF's fixed quotas for a web ACL; its API accepts longer texts only in their form.
 * https://docs.aws.amazon.com/waf/latest/developerguide/limits.html
 */
const firewallLimits = { regexCharacters: 200, searchedBytes: 200, rateRules: 10 };

/** The values of a property, anywhere in others. */
function valuesOf(property: string, within: unknown): unknown[] {
  if (within === null || typeof within !== "object") return [];
  return Object.entries(within).flatMap(([name, value]) => [
    ...(name === property ? [value] : []),
    ...valuesOf(property, value),
  ]);
}

// biome-ignore lint/suspicious/noExplicitAny: A template has properties of any shape.
type Properties = Record<string, any>;

const resourcesOf = (stacks: Stacks) =>
  stacks.flatMap(({ template }) => Object.values(template.Resources));

describe.each(stages)("%s", (_name, stacks) => {
  const resources = resourcesOf(stacks);
  const countOf = (type: string) => resources.filter(({ Type }) => Type === type).length;

  test("each template has room within CloudFormation's limits", () => {
    const found = stacks.map(({ name, template }) => {
      const {
        Resources,
        Outputs = {},
        Parameters = {},
      } = template as typeof template & {
        Parameters?: object;
      };
      const count = (one: object) => Object.keys(one).length;
      return tooLarge(
        name,
        {
          bytes: JSON.stringify(template).length,
          resources: count(Resources),
          outputs: count(Outputs),
          parameters: count(Parameters),
        },
        templateLimits,
      );
    });
    expect(found.length).toBeGreaterThan(10);
    expect(found.flat()).toEqual([]);
  });

  test("each parameter of a template is used: CDK warns of others at every deployment", () => {
    const unused = stacks.flatMap(({ name, template }) => {
      const { Parameters = {}, ...rest } = template as typeof template & { Parameters?: object };
      const text = JSON.stringify(rest);
      return Object.keys(Parameters)
        .filter((parameter) => !text.includes(`"${parameter}"`))
        .map((parameter) => `${name}: ${parameter}`);
    });
    expect(unused).toEqual([]);
  });

  test("each API has room within API Gateway's limits", () => {
    const apis = resources.filter(({ Type }) => Type === "AWS::ApiGateway::RestApi");
    expect(apis.length).toBe(4);
    for (const { Properties = {} } of apis) {
      const body = Properties.Body as {
        paths: object;
        components?: { securitySchemes?: object };
      };
      const sizes = {
        resources: Object.keys(body.paths).length,
        authorizers: Object.keys(body.components?.securitySchemes ?? {}).length,
        documentBytes: JSON.stringify(body).length,
      };
      expect(tooLarge(String(Properties.Name), sizes, apiLimits)).toEqual([]);
    }
    const sizes = {
      routes: countOf("AWS::ApiGatewayV2::Route"),
      integrations: countOf("AWS::ApiGatewayV2::Integration"),
      authorizers: countOf("AWS::ApiGatewayV2::Authorizer"),
    };
    expect(sizes.routes).toBeGreaterThan(2);
    expect(tooLarge("the WebSocket API", sizes, socketLimits)).toEqual([]);
  });

  test("functions, tasks and roles have room within the limits of their services", () => {
    const found = resources.flatMap(({ Type, Properties = {} }) => {
      const { max, textOf } = textLimits[Type] ?? { max: 0, textOf: () => undefined };
      const characters = JSON.stringify(textOf(Properties) ?? "").length;
      return max === 0 ? [] : tooLarge(Type, { characters }, { characters: max });
    });
    expect(found).toEqual([]);
    expect(countOf("AWS::Lambda::Function")).toBeGreaterThan(50);
    expect(countOf("AWS::ECS::TaskDefinition")).toBe(stacks === stages[0]?.[1] ? 0 : 1);
  });
});

test.each(stages)("%s: each firewall is within WAF's quotas", (_name, stacks) => {
  const firewalls = resourcesOf(stacks).filter(({ Type }) => Type === "AWS::WAFv2::WebACL");
  expect(firewalls.length).toBeGreaterThan(2);
  for (const { Properties: { Name, Rules } = {} } of firewalls) {
    const longest = (property: string) =>
      Math.max(0, ...valuesOf(property, Rules).map((text) => String(text).length));
    const sizes: Sizes = {
      regexCharacters: longest("RegexString"),
      searchedBytes: longest("SearchString"),
      rateRules: valuesOf("RateBasedStatement", Rules).length,
    };
    const excess = Object.entries(firewallLimits).filter(([what, most]) => sizes[what]! > most);
    expect([Name, excess, sizes]).toEqual([Name, [], sizes]);
    // AWS refuses a statement that combines a single one.
    for (const combined of valuesOf("OrStatement", Rules) as { Statements: unknown[] }[])
      expect([Name, combined.Statements.length > 1]).toEqual([Name, true]);
  }
});

test("a template at four fifths of a limit is reported", () => {
  const sizes = { bytes: 800_001, resources: 400, outputs: 1, parameters: 1 };
  expect(tooLarge("one", sizes, templateLimits)).toEqual(["one has 800001 bytes of 1000000"]);
});
