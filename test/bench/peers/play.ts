import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { round, wait } from "../figures.ts";
import type { Contender } from "./contender.ts";
import { clock, contentOf } from "./event.ts";
import { meterCpu } from "./processes.ts";
import type { Count, Seen, ToViewers } from "./viewers.ts";

/** One run: events a second, duration, the fault in the middle, and what fills the texts. */
export type Run = {
  rate: number;
  seconds: number;
  fault?: "sockets" | "server" | "relay";
  filling?: string;
};

export type Row = Record<string, string | number>;

/** The process of all viewers, which answers one question at a time. */
export type Audience = {
  size: number;
  ask<Answer>(message: ToViewers): Promise<Answer>;
  end(): void;
};

/** How long viewers may take to connect, for each of them. */
const openMillisecondsPerViewer = 200;

/** Opens the viewers; undefined if not all are watching in time. */
export async function openAudience(
  contender: Contender,
  size: number,
): Promise<Audience | undefined> {
  const child: ChildProcess = fork(join(import.meta.dirname, "viewers.ts"), {
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const audience: Audience = {
    size,
    ask: (message) =>
      new Promise((done, fail) => {
        const died = () => fail(new Error("The viewers' process has ended"));
        child.once("exit", died);
        child.once("message", (said) => {
          child.off("exit", died);
          done(said as never);
        });
        child.send(message);
      }),
    end: () => child.disconnect(),
  };
  const wish = await contender.wish(size);
  const opened = audience.ask({ do: "open", wish });
  const opening = new AbortController();
  const late = setTimeout(10_000 + size * openMillisecondsPerViewer, "late", {
    signal: opening.signal,
  }).catch(() => undefined);
  const isLate = (await Promise.race([opened, late])) === "late";
  // Else the timer would keep this process running for minutes after its last result.
  opening.abort();
  if (!isLate) return audience;
  audience.end();
  return undefined;
}

/** After the last event has been sent: how long deliveries may take, and how long none may come. */
const patience = { most: 20_000, quiet: 8_000, mostAfterFault: 60_000, quietAfterFault: 30_000 };

let runs = 0;

/** Plays one run; a row of the table. `isWhole` is false when it was cut short. */
export async function play(
  contender: Contender,
  audience: Audience,
  { rate, seconds, fault, filling }: Run,
): Promise<{ row: Row; isWhole: boolean }> {
  const run = ++runs;
  const events = rate * seconds;
  await audience.ask({ do: "begin", run, events });
  const cpu = meterCpu(contender.pid);
  const began = clock();
  const acknowledged: number[] = [];
  let breaking: Promise<unknown> | undefined;
  const speaking: Promise<void>[] = [];
  for (let n = 0; n < events; n++) {
    await wait(Math.max(0, began + (n * 1000) / rate - clock()));
    if (n === Math.floor(events / 2) && fault !== undefined)
      breaking = breakBy(fault, contender, audience);
    const content = contentOf({ run, n, sentAt: clock() }, filling);
    speaking.push(
      contender.speak(content, n).then((isIn) => {
        if (isIn) acknowledged.push(n);
      }),
    );
    // A system that cannot follow any more is not buried: what is sent is enough to see it.
    if (clock() - began > seconds * 2000) break;
  }
  const most = fault === undefined ? patience.most : patience.mostAfterFault;
  const quiet = fault === undefined ? patience.quiet : patience.quietAfterFault;
  await Promise.race([Promise.all(speaking), wait(most)]);
  await breaking;
  const isWhole = await waitFor(audience, () => acknowledged.length * audience.size, {
    most,
    quiet,
  });
  const passed = (clock() - began) / 1000;
  const cpuSeconds = cpu.stop();
  const seen = await audience.ask<Seen>({ do: "end", sent: acknowledged });
  const row = rowOf(seen, { contender, audience, rate, fault, seconds: passed, cpuSeconds });
  const accepted = `${acknowledged.length} of ${events}`;
  // What was still on its way when a run was cut short is not lost, only late.
  const late: Row = isWhole ? {} : { lost: "", note: `cut short with ${seen.lost} on their way` };
  return { row: { ...row, accepted, ...late }, isWhole };
}

/** Breaks what a run is to break. */
function breakBy(fault: NonNullable<Run["fault"]>, contender: Contender, audience: Audience) {
  if (fault === "sockets") return audience.ask({ do: "drop" });
  return fault === "server" ? contender.crash() : contender.crashRelay?.();
}

/** Waits until all is delivered, at most `most` milliseconds and `quiet` without any progress. */
async function waitFor(
  audience: Audience,
  wanted: () => number,
  { most, quiet }: { most: number; quiet: number },
): Promise<boolean> {
  const began = Date.now();
  for (let [last, lastAt] = [-1, began]; ; ) {
    const { delivered } = await audience.ask<Count>({ do: "count" });
    if (delivered >= wanted()) return true;
    if (delivered > last) [last, lastAt] = [delivered, Date.now()];
    if (Date.now() - lastAt > quiet) return true;
    if (Date.now() - began > most) return false;
    await wait(100);
  }
}

type Circumstances = {
  contender: Contender;
  audience: Audience;
  rate: number;
  fault: Run["fault"] | undefined;
  seconds: number;
  cpuSeconds: number;
};

function rowOf(seen: Seen, { contender, audience, rate, fault, ...at }: Circumstances): Row {
  return {
    system: contender.name,
    viewers: audience.size,
    "events/s": rate,
    killed: fault ?? "",
    delivered: seen.delivered,
    lost: seen.lost,
    doubled: seen.doubled,
    "p50 ms": round(seen.p50 ?? Number.NaN),
    "p99 ms": round(seen.p99 ?? Number.NaN),
    "messages/viewer": round(seen.frames / audience.size),
    "CPU µs/delivery": round((at.cpuSeconds * 1e6) / Math.max(1, seen.delivered)),
    "server CPU %": round((100 * at.cpuSeconds) / at.seconds),
    "viewers' CPU %": round((100 * seen.cpuSeconds) / at.seconds),
  };
}
