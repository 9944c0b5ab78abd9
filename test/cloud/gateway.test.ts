import { describe, expect, test } from "@jest/globals";
import { refusals } from "../../domain/refusal.ts";
import { catchAll, rowsOf } from "../../lib/stages/route-table.ts";
import { methodAndPath } from "../../platform/http/contract.ts";
import { faultCode, statusOf } from "../../platform/http/envelope.ts";
import { flat, resourcesOf, templatesOf, theResource } from "./templates.ts";

type Operation = {
  security?: Record<string, never[]>[];
  "x-amazon-apigateway-integration": { type: string; uri?: unknown };
};
type Paths = Record<string, Record<string, Operation>>;

const anyMethod = "x-amazon-apigateway-any-method";
const functionOf = (operation: Operation | undefined) =>
  /:function:([\w-]+)/.exec(flat(operation?.["x-amazon-apigateway-integration"].uri))?.[1];

const all = {
  dev: await templatesOf({ stage: "dev" }),
  prod: await templatesOf({ stage: "prod" }),
};

test("each REST API has one name: an import may take it from the document's title", () => {
  const apis = Object.values(all).flatMap((templates) =>
    resourcesOf(templates, "AWS::ApiGateway::RestApi"),
  );
  expect(apis.length).toBe(8);
  for (const { Properties } of apis) expect(Properties.Body.info.title).toBe(Properties.Name);
});

test("no REST API has two parameters in one position, not even a greedy one: imports fail", () => {
  // https://github.com/winglang/wing/issues/5210
  for (const { Properties } of Object.values(all).flatMap((templates) =>
    resourcesOf(templates, "AWS::ApiGateway::RestApi"),
  )) {
    const parameters = new Set(
      Object.keys(Properties.Body.paths).flatMap((path) => {
        const segments = path.split("/");
        return segments.flatMap((segment, at) =>
          segment.startsWith("{") ? [segments.slice(0, at + 1).join("/")] : [],
        );
      }),
    );
    const positions = [...parameters].map((path) => path.slice(0, path.lastIndexOf("/")));
    expect([Properties.Name, positions]).toEqual([Properties.Name, [...new Set(positions)]]);
  }
});

describe.each(["dev", "prod"] as const)("the HTTP API of %s", (stage) => {
  const templates = all[stage];
  const { Body: body } = theResource(
    templates,
    "AWS::ApiGateway::RestApi",
    "http",
    (one) => one.Properties.Name === `ovation-${stage}-http`,
  ).Properties;
  const paths = body.paths as Paths;
  const endpoints = rowsOf("endpoint").filter(
    ({ contract }) =>
      methodAndPath(contract)[1] !== catchAll && (stage === "dev" || !contract.stage),
  );

  test("has each route of the table, with its function", () => {
    for (const { name, contract } of endpoints) {
      const [method, path] = methodAndPath(contract);
      const operation = paths[path]?.[method.toLowerCase()];
      expect(functionOf(operation)).toBe(`ovation-${stage}-${name.replaceAll("/", "-")}`);
    }
    const own = Object.values(paths).flatMap((item) =>
      Object.keys(item).filter((verb) => verb !== "options" && verb !== anyMethod),
    );
    expect(own.length).toBe(endpoints.length);
  });

  test("requires a token exactly where the contract does", () => {
    const schemes = { anyone: [], optional: ["optional"] } as Record<string, string[]>;
    for (const { contract } of endpoints) {
      const [method, path] = methodAndPath(contract);
      const { security = [] } = paths[path]![method.toLowerCase()]!;
      const named = security.flatMap((one) => Object.keys(one));
      expect([contract.route, named]).toEqual([
        contract.route,
        schemes[contract.caller] ?? ["token"],
      ]);
    }
  });

  test("returns our 404 for every other path and method, without an authorizer", () => {
    for (const path of ["/", catchAll]) expect(paths[path]).toBeDefined();
    // The segments of a path are resources, too.
    for (const path of Object.keys(paths))
      for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
        expect([path.slice(0, at), Object.keys(paths)]).toEqual([
          path.slice(0, at),
          expect.arrayContaining([path.slice(0, at)]),
        ]);
    for (const item of Object.values(paths)) {
      expect(functionOf(item[anyMethod])).toBe(`ovation-${stage}-app-not-found`);
      expect(item[anyMethod]?.security).toBeUndefined();
    }
  });

  test("answers preflights itself", () => {
    for (const item of Object.values(paths))
      expect(item.options?.["x-amazon-apigateway-integration"].type).toBe("mock");
    const [origin] = stage === "dev" ? ["'*'"] : ["'https://ovation.example'"];
    const { responses } = paths["/"]!.options!["x-amazon-apigateway-integration"] as never as {
      responses: { default: { responseParameters: Record<string, string> } };
    };
    const { responseParameters } = responses.default;
    expect(responseParameters["method.response.header.Access-Control-Allow-Origin"]).toBe(origin);
    expect(responseParameters["method.response.header.Access-Control-Max-Age"]).toBe("'7200'");
  });

  test("caches required tokens for as long as the stage says, optional ones never", () => {
    const { token, optional } = body.components.securitySchemes;
    const guard = "x-amazon-apigateway-authorizer";
    expect(token[guard]).toMatchObject({
      type: "request",
      identitySource: "method.request.header.Authorization",
      authorizerResultTtlInSeconds: stage === "prod" ? 300 : 0,
    });
    expect(optional[guard].identitySource).toBeUndefined();
    expect(optional[guard].authorizerResultTtlInSeconds).toBe(0);
  });

  test("passes every body on as bytes, and has no schemas: its import is 3.0.1", () => {
    expect(body.openapi).toBe("3.0.1");
    expect(body["x-amazon-apigateway-binary-media-types"]).toEqual(["*/*"]);
    expect(body.components.schemas).toBeUndefined();
  });

  test("fails in our envelope whatever fails, and reveals nothing of the request", () => {
    const responses = body["x-amazon-apigateway-gateway-responses"];
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    const statuses = {
      ACCESS_DENIED: 401,
      API_CONFIGURATION_ERROR: 500,
      AUTHORIZER_CONFIGURATION_ERROR: 503,
      AUTHORIZER_FAILURE: 503,
      BAD_REQUEST_BODY: 400,
      BAD_REQUEST_PARAMETERS: 400,
      DEFAULT_4XX: 400,
      DEFAULT_5XX: 500,
      EXPIRED_TOKEN: 401,
      INTEGRATION_FAILURE: 503,
      INTEGRATION_TIMEOUT: 503,
      INVALID_API_KEY: 403,
      INVALID_SIGNATURE: 401,
      MISSING_AUTHENTICATION_TOKEN: 404,
      QUOTA_EXCEEDED: 429,
      REQUEST_TOO_LARGE: 413,
      RESOURCE_NOT_FOUND: 404,
      THROTTLED: 429,
      UNAUTHORIZED: 401,
      UNSUPPORTED_MEDIA_TYPE: 415,
      WAF_FILTERED: 403,
    };
    expect(Object.keys(responses).sort()).toEqual(Object.keys(statuses).sort());
    for (const [type, status] of Object.entries(statuses)) {
      const { statusCode, responseTemplates, responseParameters } = responses[type];
      const text = responseTemplates["application/json"];
      const time = type === "ACCESS_DENIED" ? "authorizer.timestamp" : "requestTime";
      const envelope = JSON.parse(text);
      expect([type, statusCode, Object.keys(envelope)]).toEqual([
        type,
        status,
        ["isSuccess", "statusCode", "data", "errors", "timestamp", "code"],
      ]);
      expect(envelope).toMatchObject({ isSuccess: false, statusCode: status, data: null });
      expect(envelope.errors).toEqual([expect.any(String)]);
      const kinds: Record<string, { kind: keyof typeof statusOf }> = refusals;
      const { kind } = kinds[envelope.code] ?? {};
      expect([type, kind === undefined ? envelope.code : statusOf[kind]]).toEqual([
        type,
        status === 500 ? faultCode : status,
      ]);
      expect(envelope.timestamp).toBe(`$context.${time}`);
      expect(text).not.toContain("error.message");
      const header = (name: string) => responseParameters[`gatewayresponse.header.${name}`];
      expect(header("X-Request-Id")).toBe("context.requestId");
      expect(header("X-Error-Code")).toBe(`'${envelope.code}'`);
      expect(header("Access-Control-Allow-Origin")).toBe("'*'");
      expect(header("WWW-Authenticate")).toBe(status === 401 ? "'Bearer'" : undefined);
      expect(header("Retry-After")).toBe([429, 503].includes(status) ? "'1'" : undefined);
    }
  });

  test("may only call the functions of its stage", () => {
    const statements = resourcesOf(templates, "AWS::IAM::Role", "http")
      .filter(({ Properties }) => JSON.stringify(Properties).includes("apigateway.amazonaws.com"))
      .flatMap(({ Properties }) => Properties.Policies[0].PolicyDocument.Statement);
    expect(statements.length).toBe(1);
    expect(statements[0].Action).toBe("lambda:InvokeFunction");
    expect(flat(statements[0].Resource)).toMatch(new RegExp(`:function:ovation-${stage}-\\*$`));
  });

  test("logs calls without query, header or token", () => {
    const { Properties } = theResource(
      templates,
      "AWS::ApiGateway::Stage",
      "http",
      (one) => one.Properties.StageName === stage,
    );
    const format = Properties.AccessLogSetting.Format as string;
    expect(format).toContain("$context.requestId");
    expect(format).not.toMatch(/querystring|header|\$context\.path\b|\$context\.error\.message/i);
  });
});

describe.each(["dev", "prod"] as const)("the API of pictures, of %s", (stage) => {
  test("returns GET and HEAD alike, everything as bytes, without its own preflight", () => {
    const { Body: body } = theResource(
      all[stage],
      "AWS::ApiGateway::RestApi",
      "pictures",
      (one) => one.Properties.Name === `ovation-${stage}-pictures`,
    ).Properties;
    expect(body["x-amazon-apigateway-binary-media-types"]).toEqual(["*/*"]);
    // The largest threshold: pictures are compressed already.
    expect(body["x-amazon-apigateway-minimum-compression-size"]).toBe(10_485_760);
    const item = body.paths["/{id}"];
    expect(Object.keys(item).sort()).toEqual(["get", "head", anyMethod].sort());
    for (const method of ["get", "head"])
      expect(functionOf(item[method])).toBe(`ovation-${stage}-pictures-get`);
    for (const path of ["/", "/{id}", "/{id}/{proxy+}"])
      expect(functionOf(body.paths[path][anyMethod])).toBe(`ovation-${stage}-app-not-found`);
    expect(JSON.stringify(body)).not.toMatch(/"mock"|security/);
  });
});

/** The document of one of the two APIs of Tencent's stack. */
function bodyOf(templates: (typeof all)["dev"], name: "tencent" | "tencent-callback") {
  const { Properties } = theResource(templates, "AWS::ApiGateway::RestApi", "tencent", (one) =>
    one.Properties.Name.endsWith(`-${name}`),
  );
  return { body: Properties.Body };
}

describe.each(["dev", "prod"] as const)("the API for callbacks from Tencent, of %s", (stage) => {
  const { body } = bodyOf(all[stage], "tencent-callback");

  test("has one path, whose timeout is shorter than Tencent's", () => {
    expect(Object.keys(body.paths)).toEqual(["/callback"]);
    const item = body.paths["/callback"];
    expect(Object.keys(item)).toEqual([anyMethod]);
    expect(functionOf(item[anyMethod])).toBe(`ovation-${stage}-tencent-callbacks-receive`);
    const { timeoutInMillis } = item[anyMethod]["x-amazon-apigateway-integration"];
    expect(timeoutInMillis).toBeLessThan(2000);
    const { Properties } = theResource(
      all[stage],
      "AWS::ApiGateway::Stage",
      "tencent",
      (one) => one.Properties.StageName === "tencent",
    );
    expect(Properties.AccessLogSetting.Format).not.toMatch(/querystring|header/i);
  });

  test("returns the gateway's own failures with 200 and code 1, except unknown paths", () => {
    const responses = body["x-amazon-apigateway-gateway-responses"];
    const { MISSING_AUTHENTICATION_TOKEN: unknown, ...others } = responses;
    expect(unknown.statusCode).toBe(404);
    for (const type of ["THROTTLED", "REQUEST_TOO_LARGE", "INTEGRATION_TIMEOUT", "DEFAULT_5XX"])
      expect(Object.keys(others)).toContain(type);
    for (const { statusCode, responseTemplates } of Object.values<typeof unknown>(others)) {
      expect(statusCode).toBe(200);
      expect(JSON.parse(responseTemplates["application/json"])).toEqual({
        ActionStatus: "FAIL",
        ErrorInfo: expect.any(String),
        ErrorCode: 1,
      });
    }
  });
});

describe.each(["dev", "prod"] as const)("the Tencent API of %s", (stage) => {
  const templates = all[stage];
  const { body } = bodyOf(templates, "tencent");
  const paths = body.paths as Paths;

  test("has each command, and one function for unknown ones", () => {
    const commands = rowsOf("command").filter(({ contract }) => contract.command !== "*");
    for (const { name, contract } of commands)
      expect(functionOf(paths[`/${contract.command}`]?.post)).toBe(
        `ovation-${stage}-${name.replaceAll("/", "-")}`,
      );
    for (const item of Object.values(paths))
      expect(functionOf(item[anyMethod])).toBe(`ovation-${stage}-tencent-unknown`);
  });

  test("admits 200 gifts a second, below the stage v4", () => {
    const { Properties } = theResource(
      templates,
      "AWS::ApiGateway::Stage",
      "tencent",
      (one) => one.Properties.StageName === "v4",
    );
    const settings = Properties.MethodSettings as { ResourcePath: string }[];
    const path = "/~1live_engine_http_srv~1send_gift";
    expect(settings.find(({ ResourcePath }) => ResourcePath === path)).toMatchObject({
      HttpMethod: "POST",
      ThrottlingRateLimit: 200,
      ThrottlingBurstLimit: 200,
    });
  });

  test("returns the gateway's own failures with 200 and Tencent's codes", () => {
    const responses = body["x-amazon-apigateway-gateway-responses"];
    const codes = { THROTTLED: 60007, INTEGRATION_TIMEOUT: 60008, INTEGRATION_FAILURE: 100001 };
    const more = { REQUEST_TOO_LARGE: 60002, DEFAULT_5XX: 100001, DEFAULT_4XX: 60002 };
    for (const [type, ErrorCode] of Object.entries({ ...codes, ...more }))
      expect(JSON.parse(responses[type].responseTemplates["application/json"])).toEqual({
        ActionStatus: "FAIL",
        ErrorInfo: expect.any(String),
        ErrorCode,
      });
    for (const type of Object.keys(responses)) expect(responses[type].statusCode).toBe(200);
  });
});
