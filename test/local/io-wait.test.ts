import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { jest } from "@jest/globals";
import { type IoWait, watchIoWait } from "../../local/lambda/io-wait.ts";

const source = `
setInterval(() => {}, 60_000);
require("node:worker_threads").parentPort.postMessage("up");`;
/** The steady clock, which stands still between two lines, however slow the machine is. */
let now = 0;
beforeEach(() => void jest.spyOn(performance, "now").mockImplementation(() => now));
afterEach(() => jest.restoreAllMocks());

async function pause(milliseconds: number): Promise<void> {
  await new Promise((done) => setTimeout(done, milliseconds));
  now += milliseconds;
}

/** Whether the thread soon counts as waiting: one that has just started may still work. */
async function isSoonBlocked(thread: IoWait): Promise<boolean> {
  const end = Date.now() + 20_000;
  do await pause(150);
  while (!thread.isBlocked() && Date.now() < end);
  return thread.isBlocked();
}

test("a caller waiting for a response of this process is awake, any other is not", async () => {
  const worker = new Worker(source, { eval: true });
  await once(worker, "message");
  let hasUnread = false;
  const sleep = watchIoWait(worker, () => hasUnread);
  sleep.begin(true);
  expect(await isSoonBlocked(sleep)).toBe(true);
  sleep.asks(2);
  sleep.answered();
  await pause(250);
  expect(sleep.isBlocked()).toBe(false);
  sleep.answered();
  // It received a response just now.
  expect(sleep.isBlocked()).toBe(false);
  expect(await isSoonBlocked(sleep)).toBe(true);
  // Unanswered calls of an earlier event do not affect the next one.
  sleep.asks(1);
  sleep.begin(true);
  expect(await isSoonBlocked(sleep)).toBe(true);
  // Those of an event that still runs count until their caller has given up.
  sleep.asks(1);
  sleep.begin(false);
  await pause(250);
  expect(sleep.isBlocked()).toBe(false);
  expect(await isSoonBlocked(sleep)).toBe(true);
  // It gets no processor time.
  hasUnread = true;
  expect(sleep.isBlocked()).toBe(false);
  await worker.terminate();
});
