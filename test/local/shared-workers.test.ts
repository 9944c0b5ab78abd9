import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { jest } from "@jest/globals";
import { busySharedMax } from "../../local/lambda/fleet.ts";
import { sharedCell, startWorker } from "../../local/lambda/worker.ts";
import { startWorkers, type Workers } from "../../local/lambda/workers.ts";
import type { LambdaFunction } from "../../local/model.ts";
import { listen } from "../../local/reachable.ts";

/*
 * Functions share threads, except heavy ones, and must not notice: one function's environment,
 * output and crashes do not affect the others.
 */

const source = `
const atLoad = process.env.NAME;
console.log("loading " + process.env.NAME);
let calls = 0;
let later;
module.exports.handler = async ({ wait = 0, spin = 0, until, ask, linger, set, die }) => {
  calls += 1;
  if (ask) await fetch(ask);
  for (const began = performance.now(); performance.now() - began < spin; );
  while (until && !require("node:fs").existsSync(until));
  if (die) process.exit(3);
  if (set) process.env.SECRET = set;
  const before = process.env.NAME;
  if (linger) setTimeout(() => { later = process.env.NAME; }, linger);
  await new Promise((done) => setTimeout(done, wait));
  console.log("done in " + process.env.NAME);
  return {
    calls, atLoad, before, later, after: process.env.NAME,
    secret: process.env.SECRET ?? null, has: "SECRET" in process.env,
    keys: Object.keys(process.env).sort(), copy: { ...process.env },
    thread: require("node:worker_threads").threadId,
  };
};`;

type Answer = {
  calls: number;
  atLoad: string;
  before: string;
  later?: string;
  after: string;
  secret: string | null;
  has: boolean;
  keys: string[];
  copy: Record<string, string>;
  thread: number;
};

let directory: string;
let functions: Record<string, LambdaFunction>;
let workers: Workers;
let lines: string[];
let gates: Server[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ovation-test-"));
  lines = [];
  gates = [];
  functions = {};
  for (const name of ["one", "two", "three", "four", "large"]) {
    // Each has its own bundle, as deployed functions have.
    writeFileSync(join(directory, `${name}.cjs`), source);
    const memoryMegabytes = name === "large" ? 1769 : 256;
    const places = { arn: name, directory, handler: `${name}.handler`, role: "" };
    functions[name] = { name, ...places, environment: {}, timeoutSeconds: 10, memoryMegabytes };
  }
  workers = startWorkers({
    functions,
    prepare: ({ name }) => ({ environment: { NAME: name } }),
    line: (name, text) => lines.push(`${name}: ${text}`),
  });
});
afterEach(async () => {
  for (const gate of gates) {
    gate.closeAllConnections();
    gate.close();
  }
  await workers.stop(0);
  rmSync(directory, { recursive: true, force: true });
});

async function call(name: string, event: object = {}): Promise<Answer> {
  const result = await workers.invoke(name, event);
  expect(result).toMatchObject({ ok: true });
  return (result as { payload: Answer }).payload;
}

test("functions in one thread always have separate environments", async () => {
  const one = await call("one", { wait: 60, set: "of one" });
  const two = await call("two");
  const again = await call("one");
  expect(new Set([one, two, again].map(({ thread }) => thread)).size).toBe(1);
  expect(workers.threads()).toBe(1);
  expect(one).toMatchObject({ atLoad: "one", before: "one", after: "one" });
  expect(one).toMatchObject({ secret: "of one", has: true, keys: ["NAME", "SECRET"] });
  expect(two).toMatchObject({ atLoad: "two", before: "two", after: "two", calls: 1 });
  expect(two).toMatchObject({ secret: null, has: false, copy: { NAME: "two" }, keys: ["NAME"] });
  // The environment of a function persists between its events, as on Lambda.
  expect(again).toMatchObject({ calls: 2, secret: "of one" });
});

test("a timer of one function that runs during another's event reads its own environment", async () => {
  await call("one", { linger: 100 });
  const two = await call("two", { wait: 300 });
  const one = await call("one");
  expect(one.thread).toBe(two.thread);
  expect([one.later, two.later]).toEqual(["one", undefined]);
});

test("a line is logged by the function that wrote it", async () => {
  await call("one");
  await call("two");
  await call("one");
  expect(lines).toEqual([
    ...["one: loading one", "one: done in one", "two: loading two", "two: done in two"],
    "one: done in one",
  ]);
});

test("a call that waits in one function does not block another", async () => {
  const gate = await openGate();
  await call("one");
  const slow = call("one", { ask: gate.url });
  const two = await call("two");
  gate.open();
  expect((await slow).thread).not.toBe(two.thread);
}, 50_000);

/*
 * Planted fault that turns this red: events that never wait for a worker that has their function.
 */
test("events at one moment wait for the thread that has their functions, but not for long", async () => {
  functions.one!.timeoutSeconds = 60;
  const names = ["one", "two", "three", "four"];
  for (const name of names) await call(name);
  // The clock of the waits stands still: on a busy machine two milliseconds may take a second.
  let now = performance.now();
  jest.spyOn(performance, "now").mockImplementation(() => now);
  await Promise.all(names.map((name) => call(name, { spin: 2 })));
  expect(workers.threads()).toBe(1);
  const until = join(directory, "two has answered");
  const slow = call("one", { until });
  const two = call("two");
  now += 899;
  const { thread } = await two;
  writeFileSync(until, "");
  expect((await slow).thread).not.toBe(thread);
  jest.restoreAllMocks();
});

test("a function shares its thread however often it is called, and a large one does not", async () => {
  const { thread } = await call("one");
  expect((await call("large")).thread).not.toBe(thread);
  for (let n = 0; n < 150; n++) await call("one");
  expect((await call("one")).thread).toBe(thread);
  expect((await call("two")).thread).toBe(thread);
  expect(workers.threads()).toBe(2);
});

test("a thread loads a hundred bundles, including replaced ones, and then leaves new ones to another", async () => {
  const threads = new Set<number>();
  for (let n = 0; n < 100; n++) {
    // As a reload does after a change.
    functions.one!.directory = join(directory, String(n));
    mkdirSync(functions.one!.directory);
    copyFileSync(join(directory, "one.cjs"), join(functions.one!.directory, "one.cjs"));
    threads.add((await call("one")).thread);
  }
  expect(threads.size).toBe(1);
  expect(threads).not.toContain((await call("two")).thread);
  expect(threads).toContain((await call("one")).thread);
});

/** A server whose answers wait until it is opened; the test's end closes it. */
async function openGate() {
  const opened = Promise.withResolvers<void>();
  const server = createServer((_, response) => void opened.promise.then(() => response.end()));
  const url = `http://127.0.0.1:${await listen(server)}`;
  gates.push(server);
  return { url, open: opened.resolve };
}

/** The limit of busy workers: at most six. */
const fullCalls = ["one", "one", "two", "two", "three", "three"].slice(0, busySharedMax);
const running = (name: string) => workers.counts()[name]?.running ?? 0;

test("while the limit of threads is busy no other starts, and the longest waiting event is next", async () => {
  // Holds the event of "four": on a busy machine a thread that has yet to load seems to wait, and
  // the event may then start, and would otherwise also end, before the first of the others ends.
  const gate = await openGate();
  const work = fullCalls.map((name) => call(name, { spin: 300 }));
  const waiting = [call("four", { ask: gate.url }), call("one"), call("two")];
  expect([workers.threads(), running("four")]).toEqual([busySharedMax, 0]);
  const large = call("large");
  expect(workers.threads()).toBe(busySharedMax + 1);
  await Promise.race(work);
  // At once, not only at the next check of waiting events.
  expect(running("four")).toBe(1);
  gate.open();
  await Promise.all([...work, ...waiting, large]);
});

test("a delayed event runs after those that arrive soon after it, but runs", async () => {
  const patient = workers.invoke("four", {}, 60_000);
  expect(running("four")).toBe(1);
  await patient;
  const work = fullCalls.map((name) => call(name, { spin: 300 }));
  const gate = await openGate();
  const behind = workers.invoke("four", { ask: gate.url }, 60_000);
  const others = ["one", "two", "three"].map((name) => call(name, { spin: 20 }));
  await Promise.race(work);
  // On a busy machine threads that have yet to load seem to wait, and then all may run at once.
  const waiting = ["one", "two", "three"].filter((name) => workers.counts()[name]!.waiting > 0);
  if (running("four") > 0) expect(waiting).toEqual([]);
  gate.open();
  await Promise.all([...work, ...others]);
  expect(await behind).toMatchObject({ ok: true });
});

test("threads whose events only wait do not count", async () => {
  await Promise.all(fullCalls.map((name) => call(name, { wait: 50 })));
  const asleep = fullCalls.map((name) => call(name, { wait: 1_000 }));
  await new Promise((done) => setTimeout(done, 500));
  const four = call("four");
  expect(running("four")).toBe(1);
  await Promise.all([...asleep, four]);
});

/*
 * Twenty webhooks and Tencent's application have six message groups each. Planted fault that turns
 * this red: a thread that never runs a second event.
 */
test("126 hanging events delay no other event of their function or of others, and take few threads", async () => {
  functions.one!.timeoutSeconds = 60;
  const gate = await openGate();
  const hanging = Array.from({ length: 126 }, () => call("one", { ask: gate.url }));
  await Promise.all([call("one"), call("two")]);
  expect(running("one")).toBe(126);
  expect(workers.threads()).toBeLessThanOrEqual(3 * busySharedMax);
  gate.open();
  const answers = await Promise.all(hanging);
  // Each has its own environment, as on Lambda.
  expect(answers.every(({ calls }) => calls === 1)).toBe(true);
}, 50_000);

test("events that take too long do not end the others of their threads", async () => {
  functions.one!.timeoutSeconds = 2;
  functions.two!.timeoutSeconds = 30;
  const gate = await openGate();
  const events = Array.from({ length: 12 }, () =>
    ["one", "two"].map((name) => workers.invoke(name, { ask: gate.url })),
  );
  const late = await Promise.all(events.map(([one]) => one));
  expect(workers.threads()).toBeLessThan(events.length);
  expect(late.every((one) => !one!.ok && one!.error.errorType === "Sandbox.Timedout")).toBe(true);
  gate.open();
  const others = await Promise.all(events.map(([, two]) => two));
  expect(others.every((two) => two!.ok)).toBe(true);
}, 40_000);

test("a burst of events that wait takes few threads, which serve the next one", async () => {
  const names = ["one", "two", "three", "four"];
  const burst = async () => {
    const calls = Array.from({ length: 12 }, (_, n) => call(names[n % 4]!, { wait: 1_500 }));
    return new Set((await Promise.all(calls)).map(({ thread }) => thread));
  };
  const threads = [...(await burst()), ...(await burst())];
  // On an idle machine some events get a thread before the others are known to wait.
  expect(new Set(threads).size).toBeLessThan(12);
});

/** Keeps all processors busy for a while, as other programs would. */
function fillProcessors(milliseconds: number): void {
  const spin = `for (const end = Date.now() + ${milliseconds}; Date.now() < end; );`;
  for (let n = 0; n < 2 * availableParallelism(); n++) new Worker(spin, { eval: true }).unref();
}

test("on full processors the threads that seem to wait are limited, and each event has its turn", async () => {
  fillProcessors(3_500);
  await new Promise((done) => setTimeout(done, 200));
  const names = ["one", "two", "three", "four"];
  const calls = Array.from({ length: 40 }, (_, n) => call(names[n % 4]!, { wait: 2_500 }));
  await new Promise((done) => setTimeout(done, 2_500));
  // Busy workers, and one more per second.
  const most = busySharedMax + 4;
  expect(workers.threads()).toBeLessThanOrEqual(most);
  expect(await Promise.all(calls)).toHaveLength(40);
});

test("functions that wait for another one do not block it, however many they are", async () => {
  const server = createServer((_, response) => void call("two").then(() => response.end()));
  const ask = `http://127.0.0.1:${await listen(server)}`;
  fillProcessors(3_000);
  const calls = Array.from({ length: 40 }, () => call("one", { ask }));
  expect(await Promise.all(calls)).toHaveLength(40);
  server.close();
});

test("a thread ended by one function is replaced for the others", async () => {
  const { thread } = await call("two");
  expect(await workers.invoke("one", { die: true })).toMatchObject({
    ok: false,
    error: { errorType: "Runtime.ExitError" },
  });
  const two = await call("two");
  expect(two.thread).not.toBe(thread);
  expect(two.calls).toBe(1);
});

/*
 * Planted fault that turns this red: ending the thread at once, with the other function's event.
 */
test("code that does not load fails only its own event, and ends its thread after the others", async () => {
  const gate = await openGate();
  writeFileSync(join(directory, "two.cjs"), "throw new Error('broken')");
  const worker = startWorker({ memoryMegabytes: 256, frozen: sharedCell(), line: () => {} });
  const run = (name: string, event: object = {}) => {
    const of = { lambda: functions[name]!, environment: {} };
    return worker.run(of, "request", { text: JSON.stringify(event) });
  };
  const waiting = run("one", { ask: gate.url });
  const broken = { errorType: "Runtime.ImportModuleError", errorMessage: "broken" };
  expect(await run("two")).toMatchObject({ ok: false, error: broken });
  expect([worker.ended(), worker.events()]).toEqual([true, 1]);
  gate.open();
  expect(await waiting).toMatchObject({ ok: true });
  expect(await run("one")).toMatchObject({ error: { errorType: "Runtime.ExitError" } });
});

test("idle threads end after a minute, also if the machine's clock was set back", async () => {
  await Promise.all([call("large", { wait: 100 }), call("large", { wait: 100 })]);
  expect(workers.threads()).toBe(2);
  const [steady, wall] = [performance.now() + 61_000, Date.now() - 3_600_000];
  jest.spyOn(performance, "now").mockReturnValue(steady);
  jest.spyOn(Date, "now").mockReturnValue(wall);
  await call("one");
  jest.restoreAllMocks();
  expect(workers.threads()).toBe(1);
});

test("a function that was removed and added again runs its new code", async () => {
  expect(await call("one")).toMatchObject({ before: "one" });
  const { one } = functions;
  delete functions.one;
  expect(await workers.invoke("one", {})).toMatchObject({ ok: false });
  // As `replaceInStage` adds it: as another object.
  functions.one = { ...one!, handler: "new.handler" };
  functions.one.directory = join(directory, "new");
  mkdirSync(functions.one.directory);
  writeFileSync(join(functions.one.directory, "new.cjs"), 'exports.handler = async () => "new"');
  expect(await workers.invoke("one", {})).toEqual({ ok: true, payload: "new" });
});

test("while environments are frozen between two events no function shares a thread", async () => {
  workers.freeze(true);
  const threads = [(await call("one")).thread, (await call("two")).thread];
  expect(new Set(threads).size).toBe(2);
  workers.freeze(false);
});
