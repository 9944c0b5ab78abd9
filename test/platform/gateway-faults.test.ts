import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { call, person } from "../api/people.ts";
import { type System, startSystem } from "../system.ts";
import { clearFaults, injectFault } from "./money/running.ts";

/** A stage whose gateway caches the authorizer's results for minutes. */
let system: System;
beforeAll(async () => {
  system = await startSystem({ env: { DEMO: "off", STAGE: "prod" } });
  process.env.API_URL = system.url;
});
afterAll(async () => {
  await system.stop();
});
afterEach(clearFaults);

test("a stage that is not ready for deployment runs here, with a line for each placeholder", () => {
  for (const name of ["origins", "alarmsAddress", "defaultPicture", "tencent.sdkAppId"])
    expect(system.output().split(`Warning: prod: ${name} is still `)).toHaveLength(2);
});

const me = "GET /api/v1/users/me";
const unavailable = {
  isSuccess: false,
  statusCode: 503,
  data: null,
  errors: ["Service temporarily unavailable"],
};

test("a fault of the authorizer is 503 with Retry-After, and is not remembered afterwards", async () => {
  const viewer = await person();
  // Three tries of one reading of the profile: the first call fails, the second does not.
  await injectFault({ service: "dynamodb", caller: "auth-http", kind: "error_before", count: 3 });
  const first = await call(me, { as: viewer });
  expect(first.status).toBe(503);
  expect(first.headers.get("retry-after")).toBe("1");
  expect(first.body).toMatchObject(unavailable);
  expect((await call(me, { as: viewer })).status).toBe(200);
});

test("an authorizer that Lambda throttles is 503, not a refusal", async () => {
  const viewer = await person();
  await injectFault({ service: "lambda", caller: "auth-http", kind: "throttle" });
  expect((await call(me, { as: viewer })).status).toBe(503);
  expect((await call(me, { as: viewer })).status).toBe(200);
});

test("an invalid token stays refused", async () => {
  const answer = await call(me, { as: { id: "x", token: "a.b.c" } });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([401, null]);
});

test("a function that Lambda throttles, or that dies, is 503 with Retry-After", async () => {
  const viewer = await person();
  await call(me, { as: viewer });
  for (const kind of ["throttle", "error_before"]) {
    await injectFault({ service: "lambda", caller: "users-get-me", kind });
    const answer = await call(me, { as: viewer });
    expect([kind, answer.status, answer.headers.get("retry-after")]).toEqual([kind, 503, "1"]);
    expect(answer.body).toMatchObject(unavailable);
  }
});

test("Tencent callers get such a 503 in Tencent's format", async () => {
  await injectFault({ service: "lambda", caller: "tencent-unknown", kind: "throttle" });
  const answer = await call("POST /v4/live_engine_http_srv/no_such_command", { body: {} });
  expect([answer.status, answer.body.ErrorCode]).toEqual([200, 100001]);
});

test.each([
  ["ticket", "auth-socket"],
  ["token", "realtime-connect"],
])(
  "a handshake with a %s that could not be judged is 500, and succeeds on retry",
  async (kind, caller) => {
    const viewer = await person();
    const ticket = await call("POST /api/v1/ws-tickets", { as: viewer });
    const query = kind === "token" ? `token=${viewer.token}` : `ticket=${ticket.body.data.ticket}`;
    await injectFault({ service: "dynamodb", caller, kind: "error_before", count: 3 });
    const handshake = () =>
      new Promise<number | undefined>((done) => {
        const socket = new WebSocket(`${system.url.replace("http", "ws")}/ws?${query}`);
        socket.once("unexpected-response", (_, { statusCode }) => done(statusCode));
        socket.once("open", () => {
          socket.close();
          done(101);
        });
      });
    expect([await handshake(), await handshake()]).toEqual([500, 101]);
  },
);

test("a table that is silent for one attempt delays the caller by that attempt only", async () => {
  const viewer = await person();
  await call(me, { as: viewer });
  await injectFault({ service: "dynamodb", caller: "users-get-me", kind: "silence" });
  const began = performance.now();
  expect((await call(me, { as: viewer })).status).toBe(200);
  expect(performance.now() - began).toBeGreaterThan(1_400);
});

test("a table that stays silent is answered with 503 before the function times out", async () => {
  const viewer = await person();
  await call(me, { as: viewer });
  const silence = { service: "dynamodb", caller: "users-get-me", kind: "silence", count: 1_000 };
  await injectFault(silence);
  const began = performance.now();
  const answer = await call(me, { as: viewer });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(answer.body).toMatchObject(unavailable);
  expect(performance.now() - began).toBeLessThan(10_000);
});
