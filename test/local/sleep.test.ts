import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { watchSleep } from "../../local/lambda/sleep.ts";

const source = `
setInterval(() => {}, 60_000);
require("node:worker_threads").parentPort.postMessage("up");`;
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

test("a caller waiting for a response of this process is awake, any other is not", async () => {
  const worker = new Worker(source, { eval: true });
  await once(worker, "message");
  const sleep = watchSleep(worker);
  sleep.begin();
  await pause(250);
  expect(sleep.isAsleep()).toBe(true);
  sleep.asks(2);
  sleep.answered();
  await pause(250);
  expect(sleep.isAsleep()).toBe(false);
  sleep.answered();
  // It has only just heard.
  expect(sleep.isAsleep()).toBe(false);
  await pause(250);
  expect(sleep.isAsleep()).toBe(true);
  // What an earlier event has asked and was not answered is nothing to the next one.
  sleep.asks(1);
  sleep.begin();
  await pause(250);
  expect(sleep.isAsleep()).toBe(true);
  await worker.terminate();
});
