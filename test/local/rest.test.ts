import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { readAssembly } from "../../local/assembly/index.ts";
import type { Gateway } from "../../local/gateway/index.ts";
import { startGateway } from "../../local/gateway/index.ts";
import { createRestApi } from "../../local/gateway/rest.ts";
import { createRoutes } from "../../local/gateway/rest-routes.ts";
import { createRunnerRoutes } from "../../local/gateway/runner-routes.ts";
import type { Workers } from "../../local/lambda/workers.ts";
import { startWorkers } from "../../local/lambda/workers.ts";
import { createLog } from "../../local/log.ts";
import { writeSampleAssembly } from "./sample-assembly.ts";

const assembly = writeSampleAssembly();
const accesses: { logGroup: string; line: string }[] = [];
const logAccess = (logGroup: string, line: () => string) =>
  void accesses.push({ logGroup, line: line() });
let gateway: Gateway;
let workers: Workers;

beforeAll(async () => {
  const stage = readAssembly({
    directory: assembly.directory,
    stageName: "dev",
    parameters: { "/sample/issuer": "http://issuer" },
  });
  workers = startWorkers({
    functions: stage.functions,
    prepare: (lambda) => ({ environment: { ...lambda.environment, LOCAL: "on" } }),
    line: () => undefined,
  });
  const log = createLog("off", () => undefined);
  gateway = await startGateway({ port: 0, log, runnerRoutes: createRunnerRoutes() });
  expect((await fetch(`${gateway.url}/health`)).status).toBe(503);
  const [api] = stage.restApis;
  if (api === undefined) throw new Error("The sample has no API.");
  const answer = createRestApi(api, stage, workers.invoke, {
    // Longer than a function takes to load on a slow machine.
    integrationMilliseconds: 20_000,
    logAccess,
  });
  gateway.open({ rest: [{ prefix: "", answer }], sockets: [] });
});

afterAll(async () => {
  await gateway.stop();
  await workers.stop(100);
  assembly.remove();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}${path}`, { headers });

/** Sends a path unchanged, which `fetch` would normalize. */
const getRaw = (path: string, method = "GET") =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const { port } = new URL(gateway.url);
    const out = httpRequest({ port, path, method, host: "127.0.0.1" }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    out.on("error", reject);
    out.end();
  });

describe("events", () => {
  test("carry the request in the version 1 format", async () => {
    const answer = await get("/health?a=1&a=2&b=%2B+x&__proto__=p", { "x-one": "1" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-amzn-requestid")).toBeTruthy();
    const { event, env, name, remaining } = JSON.parse(await answer.text());
    expect(name).toBe("sample-echo");
    expect(remaining).toBeGreaterThan(9000);
    expect(env).toEqual({
      TABLE: "sample-table",
      ISSUER: "http://issuer",
      QUEUE: "https://sqs.us-east-1.amazonaws.com/000000000000/sample-queue",
      ENDPOINT: expect.stringMatching(/^https:\/\/[a-z0-9]{10}\.execute-api\.us-east-1/),
      LOCAL: "on",
    });
    expect(event).toMatchObject({
      resource: "/health",
      path: "/health",
      httpMethod: "GET",
      multiValueQueryStringParameters: { a: ["1", "2"], b: ["+ x"] },
      pathParameters: null,
      stageVariables: null,
      body: null,
      isBase64Encoded: false,
      requestContext: { stage: "dev", path: "/health", resourcePath: "/health" },
    });
    expect(Object.keys(event.queryStringParameters)).toEqual(["a", "b", "__proto__"]);
    expect(event.queryStringParameters.a).toBe("2");
    expect(event.headers["x-one"]).toBe("1");
    expect(event.multiValueHeaders["x-one"]).toEqual(["1"]);
    expect(event.requestContext.requestTime).toMatch(
      /^\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:]{8} \+0000$/,
    );
    expect(event.requestContext.identity.sourceIp).toBe("127.0.0.1");
  });

  test("carry path parameters as they were sent", async () => {
    for (const thingId of ["a%3Ab", "a%2520b", "a%zz"]) {
      const { event } = JSON.parse((await getRaw(`/things/${thingId}/parts`)).body);
      expect(event.pathParameters).toEqual({ thingId });
    }
  });

  test("carry text as text and listed media types as base64", async () => {
    const post = async (type: string, body: Uint8Array | string) => {
      const headers = { "content-type": type };
      const answer = await fetch(`${gateway.url}/open`, {
        method: "POST",
        headers,
        body: Buffer.from(body as string),
      });
      return JSON.parse(await answer.text()).event;
    };
    expect(await post("application/json", '{"a":"é"}')).toMatchObject({
      body: '{"a":"é"}',
      isBase64Encoded: false,
    });
    expect(await post("multipart/form-data; boundary=x", new Uint8Array([0, 255]))).toMatchObject({
      body: "AP8=",
      isBase64Encoded: true,
    });
    // A large one comes to the function as bytes, and its answer goes back so.
    const large = Uint8Array.from({ length: 200_001 }, (_, n) => (n * 7919) % 256);
    expect(await post("multipart/form-data; boundary=x", large)).toMatchObject({
      body: Buffer.from(large).toString("base64"),
      isBase64Encoded: true,
    });
  });
});

describe("routing", () => {
  test.each([
    ["GET", "/unknown", 404],
    ["GET", "/", 404],
    ["GET", "/health/", 404],
    ["HEAD", "/health", 404],
    ["PUT", "/health", 404],
    ["GET", "//health", 404],
    ["DELETE", "/open", 404],
  ])("%s %s answers %i", async (method, path, status) => {
    expect((await getRaw(path, method)).status).toBe(status);
  });

  test.each(["/{name}/parts", "/{proxy+}"])("refuses %s next to /{id}", (path) => {
    const documentOf = (...paths: string[]) => ({
      paths: Object.fromEntries(paths.map((one) => [one, {}])),
    });
    for (const paths of [
      ["/{id}", path],
      [path, "/{id}"],
    ])
      expect(() => createRoutes(documentOf(...paths))).toThrow("this position already has");
    expect(createRoutes(documentOf("/{id}", `/{id}${path}`))("/a/b/parts")).toBeDefined();
  });

  test("a literal segment beats a parameter, and a preflight is mocked", async () => {
    expect((await get("/things/special")).status).toBe(500);
    const preflight = await fetch(`${gateway.url}/things/a`, { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("authorizers", () => {
  const ask = async (token?: string) => {
    const answer = await get("/things/1", token ? { authorization: token } : {});
    return { status: answer.status, body: JSON.parse(await answer.text()), answer };
  };

  test("a missing identity source is UNAUTHORIZED without a call", async () => {
    const { status, body, answer } = await ask();
    expect(status).toBe(401);
    expect(body.timestamp).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}/);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("x-request-id")).toBe(answer.headers.get("x-amzn-requestid"));
  });

  test("a Deny is ACCESS_DENIED with the authorizer's context", async () => {
    const { status, body } = await ask("deny");
    expect(status).toBe(401);
    expect(body.timestamp).toBe("2026-01-02T03:04:05.678Z");
  });

  test("`Unauthorized` is 401, any other failure and an invalid response 500", async () => {
    expect((await ask("unauthorized")).status).toBe(401);
    expect((await ask("broken")).status).toBe(500);
    expect((await ask("odd")).status).toBe(500);
  });

  test("a result is cached for its identity source, on every method of the policy", async () => {
    const first = await ask("good");
    const second = await ask("good");
    expect(first.body.event.requestContext.authorizer).toMatchObject({ principalId: "u1" });
    const { calls } = first.body.event.requestContext.authorizer;
    expect(typeof calls).toBe("string");
    expect(second.body.event.requestContext.authorizer.calls).toBe(calls);
    const other = await ask("good2");
    expect(other.body.event.requestContext.authorizer.calls).not.toBe(calls);
  });
});

describe("failures", () => {
  test("a crash, a malformed response and an early end are the gateway's 5xx", async () => {
    for (const path of ["/things/special", "/malformed", "/leave"]) {
      const answer = await get(path);
      expect(answer.status).toBe(500);
      expect(JSON.parse(await answer.text())).toMatchObject({ code: 500 });
    }
  });

  test("a function that takes too long is ended", async () => {
    expect((await get("/slow")).status).toBe(500);
    expect(workers.counts()["sample-slow"]).toMatchObject({ running: 0, workers: 0 });
  });

  test("a throttled method is 429 beyond its burst", async () => {
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await get("/throttled")).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test("a body over 10 MB is 413 and headers over 10,240 bytes are 431", async () => {
    const body = Buffer.alloc(10 * 1024 * 1024 + 1, 97);
    const large = await fetch(`${gateway.url}/open`, { method: "POST", body });
    expect(large.status).toBe(413);
    expect(JSON.parse(await large.text()).code).toBe(413);
    expect((await get("/health", { "x-long": "a".repeat(10_300) })).status).toBe(431);
    expect((await get("/health", { "x-long": "a".repeat(9_000) })).status).toBe(200);
  });

  test("an event over 6 MB is 413 too", async () => {
    const body = Buffer.alloc(6 * 1024 * 1024, 97);
    expect((await fetch(`${gateway.url}/open`, { method: "POST", body })).status).toBe(413);
  });

  test.each(["GET /health\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "NONSENSE\r\n\r\n"])(
    "%j is refused by the edge",
    async (text) => {
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      socket.write(text);
      const answer = await new Promise<string>((resolve) => {
        socket.once("data", (data) => resolve(String(data)));
      });
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      socket.destroy();
    },
  );
});

describe("the access log", () => {
  const linesOf = async (...calls: Promise<Response>[]) => {
    const before = accesses.length;
    const answers = await Promise.all(calls);
    const lines = accesses.slice(before).map(({ line }) => JSON.parse(line));
    return { answers, lines };
  };

  test("has a call's outcome in the template's format, and none of its contents", async () => {
    const call = get("/things/in-the-path?token=in-the-query", { authorization: "in-a-header" });
    const { answers, lines } = await linesOf(call);
    expect(lines).toEqual([
      {
        requestId: answers[0]!.headers.get("x-amzn-requestid"),
        path: "/things/{thingId}",
        status: "200",
        bytes: answers[0]!.headers.get("content-length"),
        milliseconds: expect.stringMatching(/^\d{1,4}$/),
        caller: "u1",
        failure: "-",
      },
    ]);
    expect(accesses.at(-1)).toMatchObject({ logGroup: "/sample/access" });
    expect(JSON.stringify(lines)).not.toMatch(/in-|127\.0/);
  });

  test.each([
    ["/things/special", "", "INTEGRATION_FAILURE"],
    ["/malformed", "", "INTEGRATION_FAILURE"],
    ["/things/1", "deny", "ACCESS_DENIED"],
    ["/things/1", "broken", "AUTHORIZER_CONFIGURATION_ERROR"],
  ])("names the gateway's own answer to %s with the token %j: %s", async (path, token, failure) => {
    const { lines } = await linesOf(get(path, token === "" ? {} : { authorization: token }));
    expect(lines).toMatchObject([{ failure, caller: failure === "ACCESS_DENIED" ? "u1" : "-" }]);
  });
});

test("events queue for a few workers and all get a response", async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => get("/health")));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(workers.counts()["sample-echo"]?.workers).toBeLessThan(40);
});
