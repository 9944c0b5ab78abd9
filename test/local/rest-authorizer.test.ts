import { jest } from "@jest/globals";
import { createAuthorize } from "../../local/gateway/rest-authorizer.ts";
import { newRequestContext, type RestRequest } from "../../local/gateway/rest-request.ts";
import type { OpenApiOperation, RestApi } from "../../local/model.ts";

type Statement = { Effect: string; Resource: string };

const operation: OpenApiOperation = {
  security: [{ own: [] }],
  "x-amazon-apigateway-integration": { type: "mock" },
};
const api: RestApi = {
  id: "api",
  name: "api",
  stageName: "dev",
  methodSettings: [],
  document: {
    paths: {},
    components: {
      securitySchemes: {
        own: {
          "x-amazon-apigateway-authorizer": {
            type: "request",
            authorizerUri: "arn:aws:lambda:us-east-1:0:function:sample-auth/invocations",
            identitySource: "method.request.header.Authorization",
            authorizerResultTtlInSeconds: 300,
          },
        },
      },
    },
  },
};

/**
 * An API whose authorizer answers with these statements, on its own clock unless it is the
 * machine's; calls return the refusal, if any.
 */
function open(statements: () => Statement[], isOwnClock = true) {
  let [now, calls] = [0, 0];
  const authorize = createAuthorize(
    api,
    "us-east-1",
    async () => {
      calls++;
      const Statement = statements().map((one) => ({ Action: "execute-api:Invoke", ...one }));
      return { ok: true, payload: { principalId: "u1", policyDocument: { Statement } } };
    },
    isOwnClock ? () => now : undefined,
  );
  const call = async (path: string, token = "token") => {
    const request: RestRequest = {
      method: "GET",
      path,
      query: "",
      body: Buffer.alloc(0),
      sourceIp: "127.0.0.1",
      headers: [["Authorization", token]],
      protocol: "HTTP/1.1",
      receivedMilliseconds: 0,
    };
    const context = newRequestContext(api, "000000000000", request, path);
    return (await authorize(operation, request, context, {})).refusal;
  };
  const later = (seconds: number) => {
    now += seconds * 1_000;
  };
  return { call, later, calls: () => calls };
}

test("a result holds for its time and its caller, and then the authorizer is asked again", async () => {
  let Effect = "Allow";
  const { call, later, calls } = open(() => [{ Effect, Resource: "*" }]);
  expect(await call("/a")).toBeUndefined();
  Effect = "Deny";
  later(299);
  expect([await call("/b"), calls()]).toEqual([undefined, 1]);
  expect([await call("/b", "other"), calls()]).toEqual(["ACCESS_DENIED", 2]);
  later(1);
  expect([await call("/b"), calls()]).toEqual(["ACCESS_DENIED", 3]);
});

test("a result holds no longer if the machine's clock is set back", async () => {
  const { call, calls } = open(() => [{ Effect: "Allow", Resource: "*" }], false);
  await call("/a");
  const [steady, wall] = [performance.now() + 301_000, Date.now() - 3_600_000];
  jest.spyOn(performance, "now").mockReturnValue(steady);
  jest.spyOn(Date, "now").mockReturnValue(wall);
  await call("/a");
  jest.restoreAllMocks();
  expect(calls()).toBe(2);
});

test("a Deny wins over an Allow, and what no statement names is refused", async () => {
  const { call } = open(() => [
    { Effect: "Allow", Resource: "arn:aws:execute-api:*:*:api/dev/GET/things*" },
    { Effect: "Deny", Resource: "arn:aws:execute-api:*:*:api/dev/GET/things/secret" },
  ]);
  expect(await call("/things/open")).toBeUndefined();
  expect(await call("/things/secret")).toBe("ACCESS_DENIED");
  expect(await call("/others")).toBe("ACCESS_DENIED");
});
