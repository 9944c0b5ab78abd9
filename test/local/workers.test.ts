import { readAssembly } from "../../local/assembly/index.ts";
import type { Workers } from "../../local/lambda/workers.ts";
import { startWorkers } from "../../local/lambda/workers.ts";
import type { LambdaFunction } from "../../local/model.ts";
import { writeSampleAssembly } from "./sample-assembly.ts";

const assembly = writeSampleAssembly();
const { functions } = readAssembly({
  directory: assembly.directory,
  stageName: "dev",
  parameters: { "/sample/issuer": "http://issuer" },
});
let workers: Workers;

/** Functions of the sample, modified by tests. */
function start(changes: Partial<LambdaFunction> = {}): void {
  workers = startWorkers({
    functions: Object.fromEntries(
      Object.entries(functions).map(([name, lambda]) => [
        name,
        { ...lambda, timeoutSeconds: 60, ...changes },
      ]),
    ),
    prepare: () => ({ environment: {} }),
    line: () => undefined,
  });
}

afterEach(() => workers.stop(0));
afterAll(() => assembly.remove());

/** Calls a function that takes a minute `times` times, without waiting. */
function callSlow(times: number): void {
  for (let n = 0; n < times; n++) void workers.invoke("sample-slow", {});
}

const running = () => workers.counts()["sample-slow"]?.running ?? 0;

async function waitFor(count: number): Promise<void> {
  // Less than the minute that the calls take.
  const until = Date.now() + 50_000;
  while (running() !== count && Date.now() < until)
    await new Promise((done) => setTimeout(done, 20));
  expect(running()).toBe(count);
}

test("users who wait for news on a quiet machine do not delay each other", async () => {
  start();
  callSlow(8);
  expect(running()).toBe(2);
  await waitFor(8);
  expect(workers.counts()["sample-slow"]).toMatchObject({ waiting: 0, invoked: 8 });
}, 120_000);

test("events that hang delay no others, however many there are", async () => {
  start();
  callSlow(2);
  const answers = Array.from({ length: 400 }, () =>
    workers.invoke("sample-slow", { milliseconds: 0 }),
  );
  const late = new Promise((done) => setTimeout(done, 45_000, "late"));
  const all = Promise.all(answers).then((results) => results.every(({ ok }) => ok));
  expect(await Promise.race([all, late])).toBe(true);
}, 60_000);

test("a function never exceeds its reserved concurrency", async () => {
  start({ reservedConcurrency: 3 });
  callSlow(5);
  await waitFor(3);
  await new Promise((done) => setTimeout(done, 1500));
  expect(workers.counts()["sample-slow"]).toMatchObject({ running: 3, waiting: 2 });
}, 120_000);

test("a function with a thousand waiting events is throttled: further callers learn it at once", async () => {
  start({ reservedConcurrency: 1 });
  callSlow(1 + 1_000);
  const late = new Promise((done) => setImmediate(done, "waits"));
  expect(await Promise.race([workers.invoke("sample-slow", {}), late])).toMatchObject({
    error: { errorType: "TooManyRequestsException" },
  });
  expect(workers.counts()["sample-slow"]).toMatchObject({ waiting: 1_000 });
});

test("a frozen function is suspended between two events: no timer runs, until it is called", async () => {
  // A single worker, since two would count separately.
  start({ reservedConcurrency: 1 });
  const ticks = async () => Number(((await tick()) as { payload: { body: string } }).payload.body);
  const tick = () => workers.invoke("sample-ticking", {});
  /** Ends with a second of at least twenty ticks; a machine that stands still makes fewer. */
  const untilTicking = async () => {
    let before: number;
    do {
      before = await ticks();
      await new Promise((done) => setTimeout(done, 1_000));
    } while ((await ticks()) - before <= 20);
  };
  await untilTicking();
  workers.freeze(true);
  const before = await ticks();
  await new Promise((done) => setTimeout(done, 1_000));
  expect((await ticks()) - before).toBeLessThan(5);
  workers.freeze(false);
  await untilTicking();
}, 60_000);
