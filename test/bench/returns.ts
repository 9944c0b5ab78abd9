import { call } from "../api/people.ts";
import { print, quantile, round, wait } from "./figures.ts";
import type { Contender } from "./peers/contender.ts";
import { clock, contentOf } from "./peers/event.ts";
import { startOvation } from "./peers/ovation.ts";
import { type Audience, openAudience, play, type Row } from "./peers/play.ts";
import { meterCpu } from "./peers/processes.ts";
import type { Count, Seen } from "./peers/viewers.ts";
import { startBalancer, startRelayTask } from "./relay-process.ts";

const sizes = [200, 1_000];
const relaySizes = [1_000, 2_000];
/** A relay admits 2,500 connections and 100 handshakes a second of one address, after a burst. */
const addresses = Array.from({ length: 8 }, (_, n) => `127.0.0.${n + 2}`);
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
      rows.push(await measure(system, size));
    } finally {
      await system.stop();
    }
  }
  print(`All viewers reconnect at once; medians of ${rounds} rounds`, rows);
}

/**
 * The same at two relays in separate processes, which call AWS over TLS as tasks do. All viewers of
 * one return to the other one: only its CPU counts, which `npm run bench:scale -- relay` assumes.
 */
export async function benchRelayReturns(): Promise<void> {
  const rows: Row[] = [];
  for (const size of relaySizes) {
    const system = await startOvation("relay");
    const tasks = [
      await startRelayTask(system.system()),
      await startRelayTask(system.system()),
    ] as const;
    const balancer = await startBalancer(tasks);
    try {
      rows.push(await measure(atBalancer(system, balancer), size));
    } finally {
      balancer.stop();
      for (const task of tasks) await task.stop();
      await system.stop();
    }
  }
  print(`All viewers reconnect to one relay at once; medians of ${rounds} rounds`, rows);
}

/** The same system, whose viewers connect to relays, from several addresses. */
const atBalancer = (system: Contender, { url, current, turn }: Balancer): Room => ({
  ...system,
  turn,
  pid: () => current().pid(),
  calls: () => current().calls(),
  async wish(viewers) {
    const { urls, ...wish } = await system.wish(viewers);
    return { ...wish, urls: urls.map((one) => `${url}${new URL(one).search}`), addresses };
  },
});

type Balancer = Awaited<ReturnType<typeof startBalancer>>;

/** A system; with `turn`, all viewers return to its other relay. */
type Room = Contender & { turn?(): void; calls?(): number };

async function measure(system: Room, size: number): Promise<Row> {
  const audience = await openAudience(system, size);
  if (audience === undefined) throw new Error("The viewers could not connect");
  await play(system, audience, warming);
  const taken: Taken[] = [];
  for (let at = 0; at < rounds; at++) taken.push(await reconnectAll(system, audience, -1 - at));
  audience.end();
  return rowOf(size, taken);
}

async function reconnectAll(system: Room, audience: Audience, run: number): Promise<Taken> {
  const { size } = audience;
  await audience.ask({ do: "begin", run, events: missed });
  system.turn?.();
  const before = await countWork(system);
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
  const after = await countWork(system);
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
async function countWork({ calls }: Room): Promise<{ events: number; calls: number }> {
  const [functions, cost] = await Promise.all([
    call("GET /local/functions"),
    call("GET /local/cost"),
  ]);
  const invoked = Object.values(functions.body.functions as Record<string, { invoked: number }>);
  const operations = Object.entries(cost.body.byOperation as Record<string, { requests: number }>);
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    events: sum(invoked.map(({ invoked: count }) => count)),
    calls:
      calls?.() ??
      sum(
        operations.flatMap(([name, { requests }]) =>
          name.startsWith("dynamodb:") ? requests : [],
        ),
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
