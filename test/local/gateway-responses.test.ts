import { answerFromGateway } from "../../local/gateway/gateway-responses.ts";
import { createRestApi } from "../../local/gateway/rest.ts";
import type { RestRequest } from "../../local/gateway/rest-request.ts";
import { formatRequestTime, newRequestContext } from "../../local/gateway/rest-request.ts";
import { createThrottle } from "../../local/gateway/throttle.ts";
import type { GatewayResponse, RestApi } from "../../local/model.ts";
import { makeStage } from "./sample-stage.ts";

const request: RestRequest = {
  method: "GET",
  path: "/a",
  query: "q=1",
  headers: [["Origin", "http://o"]],
  body: Buffer.alloc(0),
  sourceIp: "127.0.0.1",
  protocol: "HTTP/1.1",
  receivedMilliseconds: Date.UTC(2015, 3, 9, 12, 34, 56),
};

function apiWith(responses: Record<string, GatewayResponse>): RestApi {
  const document = { paths: {}, "x-amazon-apigateway-gateway-responses": responses };
  return { id: "api", name: "api", stageName: "dev", document, methodSettings: [] };
}

function answer(
  type: Parameters<typeof answerFromGateway>[1],
  responses: Record<string, GatewayResponse> = {},
  authorizer?: Record<string, string>,
) {
  const api = apiWith(responses);
  const context = newRequestContext(api, "000000000000", request, "/a");
  if (authorizer) context.authorizer = authorizer;
  const { statusCode, headers, body } = answerFromGateway(api, type, request, context);
  return { statusCode, headers: Object.fromEntries(headers), body: body.toString(), context };
}

test("without gateway responses API Gateway's own are used", () => {
  expect(answer("MISSING_AUTHENTICATION_TOKEN")).toMatchObject({
    statusCode: 403,
    headers: { "x-amzn-ErrorType": "MissingAuthenticationTokenException" },
    body: '{"message":"Missing Authentication Token"}',
  });
  expect(answer("AUTHORIZER_CONFIGURATION_ERROR")).toMatchObject({
    statusCode: 500,
    body: '{"message":null}',
  });
});

test("a type without its own response takes the default of its class", () => {
  const responses = {
    DEFAULT_4XX: { statusCode: "418", responseTemplates: { "text/plain": "four" } },
    DEFAULT_5XX: { responseTemplates: { "application/json": '"five"' } },
    THROTTLED: { responseTemplates: { "application/json": '"own"' } },
  };
  expect(answer("UNAUTHORIZED", responses)).toMatchObject({ statusCode: 418, body: "four" });
  expect(answer("INTEGRATION_TIMEOUT", responses)).toMatchObject({
    statusCode: 504,
    body: '"five"',
  });
  expect(answer("THROTTLED", responses)).toMatchObject({ statusCode: 429, body: '"own"' });
});

test("templates and headers take variables; unknown ones are empty", () => {
  const { body, headers, context } = answer(
    "ACCESS_DENIED",
    {
      ACCESS_DENIED: {
        responseParameters: {
          "gatewayresponse.header.x-static": "'a, b'",
          "gatewayresponse.header.x-id": "context.requestId",
          "gatewayresponse.header.x-origin": "method.request.header.origin",
        },
        responseTemplates: {
          "application/json":
            "$context.requestTime|$context.requestTimeEpoch|$context.authorizer.at|" +
            "$context.error.responseType|$context.identity.sourceIp|$context.nothing.x|$context.authorizer.no",
        },
      },
    },
    { at: "now" },
  );
  expect(body).toBe("09/Apr/2015:12:34:56 +0000|1428582896000|now|ACCESS_DENIED|127.0.0.1||");
  expect(headers).toMatchObject({
    "x-static": "a, b",
    "x-id": context.requestId,
    "x-origin": "http://o",
  });
});

test("the request time is in the common log format", () => {
  expect(formatRequestTime(Date.UTC(2026, 0, 2, 3, 4, 5))).toBe("02/Jan/2026:03:04:05 +0000");
});

test("a throttle admits its burst at once and its rate over time", () => {
  let now = 0;
  const throttle = createThrottle({ rateLimit: 2, burstLimit: 3 }, () => now);
  const admitted = (tries: number) =>
    Array.from({ length: tries }, () => throttle.admits()).filter(Boolean).length;
  expect(admitted(10)).toBe(3);
  now += 1000;
  expect(admitted(10)).toBe(2);
  now += 60_000;
  expect(admitted(10)).toBe(3);
  expect(createThrottle({}).admits()).toBe(true);
});

test("a route with a shorter limit than others gets its 504 at that time", async () => {
  const uri = "arn:aws:lambda:us-east-1:000000000000:function:sample-worker/invocations";
  const integration = { type: "aws_proxy", uri, timeoutInMillis: 20 };
  const api = apiWith({});
  api.document.paths = { "/a": { get: { "x-amazon-apigateway-integration": integration } } };
  // The function's own answer would come two seconds later.
  const answered = { ok: true as const, payload: { statusCode: 200 } };
  const late = () =>
    new Promise<typeof answered>((done) => setTimeout(done, 2_020, answered).unref());
  const { statusCode } = await createRestApi(api, makeStage(), late)(request);
  expect(statusCode).toBe(504);
});
