import { call } from "../api/people.ts";
import { print, quantile, round, wait } from "./figures.ts";
import { clock, contentOf } from "./peers/event.ts";
import { startOvation } from "./peers/ovation.ts";
import { type Audience, openAudience, play, type Row } from "./peers/play.ts";
import { meterCpu } from "./peers/processes.ts";
import type { Count, Seen } from "./peers/viewers.ts";

const sizes = [200, 1_000];
const rounds = 5;
/** Messages sent while all viewers are disconnected. */
const missed = 5;
const warming = { rate: 20, seconds: 4 };
/** Work that continues after the last event arrived is included in the cost. */
const afterwardsMilliseconds = 1_500;
const wholeMillisecondsMax = 60_000;

/**
 * Results of a round: its duration in seconds, and CPU milliseconds, invocations and calls per
 * viewer.
 */
type Taken = { seconds: number; cpu: number; events: number; calls: number; lost: number };

/**
 * All viewers of a room lose their sockets at the same moment and reconnect: how long until each
 * has every missed message, and what that costs the system per viewer.
 */
export async function benchReturns(): Promise<void> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const system = await startOvation();
    try {
      const audience = await openAudience(system, size);
      if (audience === undefined) throw new Error("The viewers could not connect");
      await play(system, audience, warming);
      const taken: Taken[] = [];
      for (let at = 0; at < rounds; at++) taken.push(await reconnectAll(system, audience, -1 - at));
      rows.push(rowOf(size, taken));
      audience.end();
    } finally {
      await system.stop();
    }
  }
  print(`All viewers reconnect at once; medians of ${rounds} rounds`, rows);
}

type System = Awaited<ReturnType<typeof startOvation>>;

async function reconnectAll(system: System, audience: Audience, run: number): Promise<Taken> {
  const { size } = audience;
  await audience.ask({ do: "begin", run, events: missed });
  const before = await countWork();
  const cpu = meterCpu(system.pid);
  const began = clock();
  await audience.ask({ do: "drop" });
  const numbers = Array.from({ length: missed }, (_, n) => n);
  await Promise.all(numbers.map((n) => system.speak(contentOf({ run, n, sentAt: clock() }), n)));
  for (;;) {
    const { delivered } = await audience.ask<Count>({ do: "count" });
    if (delivered >= size * missed || clock() - began > wholeMillisecondsMax) break;
    await wait(20);
  }
  const seconds = (clock() - began) / 1000;
  await wait(afterwardsMilliseconds);
  const cpuSeconds = cpu.stop();
  const after = await countWork();
  const { lost } = await audience.ask<Seen>({ do: "end", sent: numbers });
  return {
    seconds,
    cpu: (cpuSeconds * 1000) / size,
    events: (after.events - before.events) / size,
    calls: (after.calls - before.calls) / size,
    lost,
  };
}

/** Invocations of functions and calls to the table so far. */
async function countWork(): Promise<{ events: number; calls: number }> {
  const [functions, cost] = await Promise.all([
    call("GET /local/functions"),
    call("GET /local/cost"),
  ]);
  const invoked = Object.values(functions.body.functions as Record<string, { invoked: number }>);
  const operations = Object.entries(cost.body.byOperation as Record<string, { requests: number }>);
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    events: sum(invoked.map(({ invoked: count }) => count)),
    calls: sum(
      operations.flatMap(([name, { requests }]) => (name.startsWith("dynamodb:") ? requests : [])),
    ),
  };
}

function rowOf(viewers: number, taken: readonly Taken[]): Row {
  const median = (of: keyof Taken) =>
    round(
      quantile(
        taken.map((one) => one[of]),
        0.5,
      ) ?? 0,
    );
  return {
    viewers,
    "complete after s": median("seconds"),
    "slowest s": round(Math.max(...taken.map(({ seconds }) => seconds))),
    "CPU ms/viewer": median("cpu"),
    "invocations/viewer": median("events"),
    "table calls/viewer": median("calls"),
    lost: taken.reduce((total, { lost }) => total + lost, 0),
  };
}
