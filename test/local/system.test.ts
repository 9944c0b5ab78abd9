import { connect } from "node:net";
import WebSocket from "ws";
import type { SystemOptions } from "../../local/index.ts";
import { createLog, startSystem } from "../../local/index.ts";
import { watchStandstills } from "../standstills.ts";
import { freePort } from "../system.ts";
import { sampleBundles, sampleDocument, writeSampleAssembly } from "./sample-assembly.ts";

const sample = writeSampleAssembly();
afterAll(() => sample.remove());

const start = (options: Partial<SystemOptions> = {}) =>
  startSystem({
    assemblyDirectory: () => sample.directory,
    stageName: "dev",
    port: 0,
    dataDir: ":memory:",
    log: createLog("off", () => undefined),
    secrets: {},
    parameters: { "/sample/issuer": "http://issuer" },
    ...options,
  });

test("until the system is up every path is 503, in an envelope and for browsers as a page", async () => {
  const port = await freePort();
  const { promise: assembly, resolve: give } = Promise.withResolvers<string>();
  const starting = start({ port, assemblyDirectory: () => assembly });
  const url = `http://127.0.0.1:${port}`;
  const ask = () => fetch(`${url}/health`).catch(() => undefined);
  let early = await ask();
  while (early === undefined) early = await ask();
  expect(early.status).toBe(503);
  expect(early.headers.get("retry-after")).toBe("1");
  expect(await early.json()).toEqual({
    isSuccess: false,
    statusCode: 503,
    data: null,
    errors: ["Service temporarily unavailable"],
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    code: "unavailable",
  });
  const outcomes = { "/v4/live_engine_http_srv/send_gift": 100001, "/tencent/callback": 1 };
  for (const [path, ErrorCode] of Object.entries(outcomes)) {
    const answer = await fetch(`${url}${path}?key=k`, { method: "POST", body: "{}" });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      ActionStatus: "FAIL",
      ErrorInfo: "Service temporarily unavailable, try again",
      ErrorCode,
    });
  }
  const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  const page = await fetch(url, { headers: { accept } });
  expect([page.status, page.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await page.text()).toMatch(/http-equiv="refresh" content="1"[\s\S]*Ovation is starting/);
  const others = [{ accept: "*/*" }, { accept: "application/json" }].map((headers) => ({
    headers,
  }));
  for (const init of [...others, { headers: { accept }, method: "POST" }])
    expect(await (await fetch(url, init)).json()).toMatchObject({ statusCode: 503 });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const refused = await new Promise<Error>((resolve) => socket.once("error", resolve));
  expect(refused.message).toContain("503");
  give(sample.directory);
  const system = await starting;
  expect((await fetch(`${url}/health`)).status).toBe(200);
  await system.stop();
});

test("a port in use rejects, and a second start is possible afterwards", async () => {
  const first = await start();
  const port = Number(new URL(first.url).port);
  await expect(start({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await first.stop();
  const second = await start({ port });
  expect(second.url).toBe(first.url);
  await second.stop();
});

test("functions get local endpoints, and the runner has its own routes", async () => {
  const system = await start();
  const { env } = (await (await fetch(`${system.url}/health`)).json()) as {
    env: Record<string, string>;
  };
  expect(env.AWS_ENDPOINT_URL).toBe(system.aws.endpointUrl);
  expect(env.QUEUE).toBe(`${system.aws.endpointUrl}/000000000000/sample-queue`);
  expect(env.ENDPOINT).toMatch(new RegExp(`^${system.aws.endpointUrl}/[a-z0-9]{10}/ws$`));
  const token = await fetch(`${system.url}/local/token`, { method: "POST", body: '{"sub":"u1"}' });
  expect(token.status).toBe(201);
  const functions = await fetch(`${system.url}/local/functions`);
  expect(await functions.json()).toMatchObject({ functions: { "sample-echo": { invoked: 1 } } });
  expect((await fetch(`${system.url}/local/cost`)).status).toBe(200);
  expect((await fetch(`${system.url}/local/nothing`)).status).toBe(404);
  await system.stop();
});

test("a socket's messages reach its function, which responds through @connections", async () => {
  const system = await start();
  const socket = new WebSocket(`${system.url.replace("http", "ws")}/ws?token=u1`);
  await new Promise((resolve) => socket.once("open", resolve));
  const posted = new Promise<string>((resolve) => {
    socket.once("message", (data) => resolve(String(data)));
  });
  socket.send('{"action":"ping"}');
  expect(JSON.parse(await posted).event.requestContext.routeKey).toBe("ping");
  socket.terminate();
  await system.stop();
});

test("it ends within 5 seconds, whatever is still open", async () => {
  const system = await start();
  await fetch(`${system.url}/health`);
  const socket = new WebSocket(`${system.url.replace("http", "ws")}/ws?token=u1`);
  await new Promise((resolve) => socket.once("open", resolve));
  socket.pause();
  const half = connect(Number(new URL(system.url).port), "127.0.0.1");
  half.on("error", () => undefined);
  half.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  const slow = fetch(`${system.url}/slow`).catch(() => undefined);
  await new Promise((done) => setTimeout(done, 100));
  const runningOf = watchStandstills();
  const began = performance.now();
  await system.stop();
  expect(runningOf(performance.now() - began)).toBeLessThan(5000);
  await expect(fetch(`${system.url}/health`)).rejects.toThrow();
  await slow;
  half.destroy();
  socket.terminate();
});

test("a client that reconnects at once while it ends is refused", async () => {
  const system = await start();
  let opened = 0;
  await new Promise<void>((resolve) => {
    const reconnect = (): void => {
      const socket = new WebSocket(`${system.url.replace("http", "ws")}/ws?token=u1`);
      socket.once("open", () => {
        opened += 1;
        socket.once("close", reconnect);
        if (opened === 1) void system.stop().then(resolve);
      });
      socket.once("error", () => undefined);
    };
    reconnect();
  });
  expect(opened).toBe(1);
});

test("a route removed from the template is removed from the runner", async () => {
  const { "/health": _gone, ...paths } = sampleDocument.paths;
  const without = writeSampleAssembly(sampleBundles, { ...sampleDocument, paths });
  const system = await start({ assemblyDirectory: () => without.directory });
  expect((await fetch(`${system.url}/health`)).status).toBe(404);
  expect((await fetch(`${system.url}/throttled`)).status).toBe(200);
  await system.stop();
  without.remove();
});

test("a gateway role that may not call a function is refused at the start", async () => {
  const callable = "arn:aws:lambda:*:*:function:sample-[a-d]*";
  const refused = writeSampleAssembly(sampleBundles, sampleDocument, callable);
  await expect(start({ assemblyDirectory: () => refused.directory })).rejects.toThrow(
    /^The role api-GatewayRole does not let API Gateway call arn:aws:lambda:.*:sample-/,
  );
  refused.remove();
});

test("an assembly that cannot run replaces nothing of a running system", async () => {
  const { "/health": _gone, ...paths } = sampleDocument.paths;
  const callable = "arn:aws:lambda:*:*:function:sample-[a-d]*";
  const refused = writeSampleAssembly(sampleBundles, { ...sampleDocument, paths }, callable);
  const system = await start();
  const before = structuredClone(system.stage);
  expect(() => system.replaceStage(refused.directory)).toThrow("does not let API Gateway call");
  expect(system.stage).toEqual(before);
  expect((await fetch(`${system.url}/health`)).status).toBe(200);
  await system.stop();
  refused.remove();
});

test("a route to a function that no template has is refused at the start", async () => {
  const { crash: _gone, ...bundles } = sampleBundles;
  const broken = writeSampleAssembly(bundles);
  await expect(start({ assemblyDirectory: () => broken.directory })).rejects.toThrow(
    "sample, get /things/special: no template has the function sample-crash.",
  );
  broken.remove();
});
