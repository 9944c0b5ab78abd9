import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type IoWait, watchIoWait } from "../../local/lambda/io-wait.ts";

const source = `
setInterval(() => {}, 60_000);
require("node:worker_threads").parentPort.postMessage("up");`;
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Resolves when the thread counts as waiting. One that has just started may still work. */
async function untilBlocked(thread: IoWait): Promise<void> {
  do await pause(150);
  while (!thread.isBlocked());
}

test("a caller waiting for a response of this process is awake, any other is not", async () => {
  const worker = new Worker(source, { eval: true });
  await once(worker, "message");
  const sleep = watchIoWait(worker);
  sleep.begin();
  await untilBlocked(sleep);
  sleep.asks(2);
  sleep.answered();
  await pause(250);
  expect(sleep.isBlocked()).toBe(false);
  sleep.answered();
  // It received a response just now.
  expect(sleep.isBlocked()).toBe(false);
  await untilBlocked(sleep);
  // Unanswered calls of an earlier event do not affect the next one.
  sleep.asks(1);
  sleep.begin();
  await untilBlocked(sleep);
  await worker.terminate();
});
