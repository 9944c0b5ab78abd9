import { print, round, wait } from "./figures.ts";
import { readMegabytes } from "./memory.ts";
import type { Contender } from "./peers/contender.ts";
import { startOvation } from "./peers/ovation.ts";
import { openAudience, play, type Row } from "./peers/play.ts";
import { meterCpu } from "./peers/processes.ts";

const sizesDefault = [1_000, 10_000];
/** Two frames a second of some 2 KB: one message each, of characters that take three bytes. */
const load = { rate: 2, seconds: 15, filling: "ゴール！".repeat(110) };
/** A relay takes 2,500 connections of one address (relay/addresses.ts). */
const addresses = Array.from({ length: 8 }, (_, n) => `127.0.0.${n + 2}`);
/** Sockets of one viewer, as with several pages open: fewer tokens to make. */
const socketsPerViewer = 4;
const idleMilliseconds = 5_000;

/**
 * Real sockets at one relay of this machine, which also runs everything else: delay, and what a
 * thousand sockets take of CPU and memory, beyond what the same system takes with none.
 */
export async function benchSockets(sizes: readonly number[] = sizesDefault): Promise<void> {
  const rows: Row[] = [];
  for (const sockets of sizes) {
    const system = await startOvation("relay");
    try {
      await wait(idleMilliseconds);
      const idle = readMegabytes(system.pid());
      const audience = await openAudience(severally(system), sockets);
      if (audience === undefined) throw new Error("The viewers did not get in");
      await wait(idleMilliseconds);
      const opened = readMegabytes(system.pid());
      const cpu = meterCpu(system.pid);
      await wait(idleMilliseconds);
      const quiet = cpu.stop() / (idleMilliseconds / 1000);
      const { row } = await play(system, audience, load);
      const busy = Number(row["server CPU %"]) / 100;
      rows.push({
        sockets,
        lost: row.lost!,
        doubled: row.doubled!,
        "p50 ms": row["p50 ms"]!,
        "p99 ms": row["p99 ms"]!,
        "frames/s": round(Number(row["messages/viewer"]) / load.seconds),
        "quiet CPU %": round(100 * quiet),
        "CPU %": round(100 * busy),
        "CPU µs/delivery": row["CPU µs/delivery"]!,
        "CPU %/thousand": round((100 * busy * 1000) / sockets),
        "idle MB": round(idle),
        "opened MB": round(opened),
        "MB/thousand": round(((opened - idle) * 1000) / sockets),
        "last MB": round(readMegabytes(system.pid())),
      });
      console.error(JSON.stringify(rows.at(-1)));
      audience.end();
    } finally {
      await system.stop();
    }
  }
  print(`Sockets at a relay, ${load.rate} frames of 2 KB a second`, rows);
}

/** The same system, whose viewers have several sockets each and come from several addresses. */
const severally = (system: Contender): Contender => ({
  ...system,
  async wish(sockets) {
    const { urls, ...wish } = await system.wish(Math.ceil(sockets / socketsPerViewer));
    const all = Array.from({ length: sockets }, (_, n) => urls[n % urls.length]!);
    return { ...wish, urls: all, addresses };
  },
});
