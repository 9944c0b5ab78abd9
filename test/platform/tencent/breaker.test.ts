import { createServer, type Server } from "node:http";
import { jest } from "@jest/globals";
import { listen } from "../../../local/reachable.ts";
import { postJson } from "../../../platform/outbound/post.ts";
import { useLimits } from "../../../platform/runtime/limits.ts";
import { callWithBreaker, resetBreaker } from "../../../platform/tencent/breaker.ts";
import { intercept } from "../intercept.ts";
import { useOwnTable } from "../table.ts";

useOwnTable();

let server: Server;
let url: string;
/** Counted where the calls begin: on a busy machine, one may end before it reaches the server. */
let asked = 0;
let isHanging = true;
beforeAll(async () => {
  process.env.LOCAL = "on";
  server = createServer((_, answer) => {
    if (!isHanging) answer.end("{}");
  });
  url = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(async () => {
  useLimits(undefined);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

/** Who answers may be as slow as this machine is. */
const bounds = (isHanging: boolean) => ({
  timeoutMilliseconds: isHanging ? 100 : 60_000,
  bytesMax: 1_000,
});
const ask = (sdkAppId: number) =>
  callWithBreaker(sdkAppId, () => {
    asked++;
    return postJson(url, {}, bounds(isHanging));
  }).then(
    (answer) => answer?.status ?? "skipped",
    () => "late",
  );
beforeEach(() => {
  resetBreaker();
  asked = 0;
  isHanging = true;
  passSeconds(0);
});
afterEach(() => jest.useRealTimers());

/** Moves the clock, which stands still otherwise; timers go on by themselves. */
function passSeconds(seconds: number): void {
  jest.useFakeTimers({ now: Date.now() + seconds * 1000, doNotFake });
}
const doNotFake = [
  ...(["hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate"] as const),
  ...(["clearImmediate", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] as const),
];

/*
 * Planted faults that turn this red: a process that asks whatever happened before, and one that
 * does not close after an answer.
 */
test("a host that hangs is called once a second until it responds, and then each time", async () => {
  expect(await ask(1)).toBe("late");
  const many = await Promise.all(Array.from({ length: 20 }, () => ask(1)));
  expect(many.filter((one) => one === "skipped")).toHaveLength(19);
  expect(asked).toBe(2);
  passSeconds(1.1);
  isHanging = false;
  const again = await Promise.all([ask(1), ask(1)]);
  expect(again.sort()).toEqual([200, "skipped"]);
  expect(await Promise.all([ask(1), ask(1), ask(1)])).toEqual([200, 200, 200]);
});

test("another process without a response calls again as soon as one got a response", async () => {
  expect([await ask(2), await ask(2)]).toEqual(["late", "late"]);
  isHanging = false;
  passSeconds(1.1);
  expect(await ask(2)).toBe(200);
  // As a process that saw the host hang before, and asks within the same second.
  resetBreaker();
  passSeconds(-0.5);
  isHanging = true;
  expect(await ask(2)).toBe("late");
  isHanging = false;
  expect(await ask(2)).toBe(200);
});

test("a response counts and ends the pause even if the table fails to note it", async () => {
  const late = Object.assign(new Error(), { name: "TimeoutError" });
  expect([await ask(5), await ask(5)]).toEqual(["late", "late"]);
  isHanging = false;
  passSeconds(1.1);
  let failures = 0;
  const end = intercept(({ input }, next) => {
    if (!JSON.stringify(input).includes("answeredAt = ")) return next();
    failures++;
    return Promise.reject(late);
  });
  try {
    expect(await ask(5)).toBe(200);
    expect(failures).toBe(1);
    expect(await Promise.all([ask(5), ask(5)])).toEqual([200, 200]);
  } finally {
    end();
  }
});

test("a call by a clock that is ten seconds ahead does not stop the others until then", async () => {
  passSeconds(10);
  expect([await ask(4), await ask(4)]).toEqual(["late", "late"]);
  passSeconds(-10);
  isHanging = false;
  expect(await ask(4)).toBe(200);
});

test("a host that refuses immediately is called each time: it delays nobody", async () => {
  const closed = () =>
    callWithBreaker(3, () => postJson("http://127.0.0.1:9", {}, bounds(false))).then(
      () => "answered",
      () => "refused",
    );
  expect([await closed(), await closed(), await closed()]).toEqual(Array(3).fill("refused"));
});
