import { readFileSync } from "node:fs";
import { print, round, wait } from "./figures.ts";
import { startOvation } from "./peers/ovation.ts";
import { openAudience, play, type Row } from "./peers/play.ts";

const sizes = [200, 1_000];
const load = { rate: 20, seconds: 20 };
const lookMilliseconds = 200;
const idleMilliseconds = 5_000;

/**
 * Resident memory of a process in megabytes.
 * https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
export function readMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}

/** Number of threads that run functions in the system at `API_URL`. */
export async function countThreads(): Promise<number> {
  const answer = await fetch(`${process.env.API_URL}/local/functions`);
  return ((await answer.json()) as { threads: number }).threads;
}

/** Memory of the system when idle, and its peak under the load of a room of each size. */
export async function benchMemory(): Promise<void> {
  const rows: Row[] = [];
  for (const viewers of sizes) {
    const system = await startOvation();
    try {
      await wait(idleMilliseconds);
      const idle = readMegabytes(system.pid());
      const audience = await openAudience(system, viewers);
      if (audience === undefined) throw new Error("The viewers could not connect");
      const opened = readMegabytes(system.pid());
      let most = 0;
      const look = () => {
        most = Math.max(most, readMegabytes(system.pid()));
      };
      const timer = setInterval(look, lookMilliseconds);
      const { row } = await play(system, audience, { ...load });
      clearInterval(timer);
      rows.push({
        viewers,
        "idle MB": round(idle),
        "opened MB": round(opened),
        "most MB": round(most),
        "last MB": round(readMegabytes(system.pid())),
        threads: await countThreads(),
        "p99 ms": row["p99 ms"]!,
        "CPU µs/delivery": row["CPU µs/delivery"]!,
      });
      audience.end();
    } finally {
      await system.stop();
    }
  }
  print(`Memory, with ${load.rate} events/s for ${load.seconds} s`, rows);
}
