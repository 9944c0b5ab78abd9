import { expect, test } from "@jest/globals";
import { stageOf } from "../../lib/stages/stages.ts";
import { synthesize } from "./templates.ts";

const stage = stageOf((key) => (key === "stage" ? "prod" : undefined));
const { stacks } = await synthesize(stage);

/**
 * What AWS takes of one template.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
const templateLimits = { bytes: 1_000_000, resources: 500, outputs: 200, parameters: 200 };

/**
 * What API Gateway takes of one API; a REST API's document is imported.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
 */
const apiLimits = { resources: 300, authorizers: 10, documentBytes: 6_000_000 };
const socketLimits = { routes: 300, integrations: 300, authorizers: 10 };

/** Above this there is time to split a stack (lib/api/endpoints.ts) before it has to be. */
const share = 0.8;

type Sizes = Record<string, number>;
const tooLarge = (name: string, sizes: Sizes, limits: Sizes) =>
  Object.entries(limits)
    .filter(([what, most]) => sizes[what]! > share * most)
    .map(([what, most]) => `${name} has ${sizes[what]} ${what} of ${most}`);

const resources = stacks.flatMap(({ template }) => Object.values(template.Resources));
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

test("a template of four fifths of a limit is found", () => {
  const sizes = { bytes: 800_001, resources: 400, outputs: 1, parameters: 1 };
  expect(tooLarge("one", sizes, templateLimits)).toEqual(["one has 800001 bytes of 1000000"]);
});
