/**
 * One attacker in a thread of its own, so that its work delays no honest user of the benchmark:
 * sends `ready` when it is prepared, and then, for each number of seconds that it receives, what
 * became of a flood of that length.
 */
import { parentPort, workerData } from "node:worker_threads";
import { attackers } from "./attacker-list.ts";
import { wait } from "./figures.ts";
import { attempt, emptyTally, type Tally } from "./tally.ts";

const { prepare, perSecond } = attackers.find(({ name }) => name === workerData)!;
const send = await prepare();
await send();

async function flood(seconds: number): Promise<Tally> {
  const tally = emptyTally();
  const began = performance.now();
  const sent: Promise<void>[] = [];
  for (let n = 0; performance.now() - began < 1000 * seconds; n++) {
    await wait(Math.max(0, began + (1000 * n) / perSecond - performance.now()));
    sent.push(attempt(tally, async () => `${await send()}`));
  }
  await Promise.all(sent);
  return tally;
}

parentPort!.on("message", async (seconds: number) => parentPort!.postMessage(await flood(seconds)));
parentPort!.postMessage("ready");
