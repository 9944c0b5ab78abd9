import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on (sysconf(_SC_CLK_TCK)). */
const ticksPerSecond = 100;

type Stat = { parent: number; cpuSeconds: number };

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: fields 4, 14 and 15. */
function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/**
 * CPU seconds, user and system, of a process and all that descend from it. A process that ended
 * counts with what it had when it was last looked at, so a run that kills is looked at often.
 */
export function meterCpu(pidOf: () => number) {
  const seen = new Map<number, number>();
  const look = () => {
    const stats = new Map<number, Stat>();
    for (const name of readdirSync("/proc")) {
      const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
      if (stat !== undefined) stats.set(Number(name), stat);
    }
    const root = pidOf();
    for (const [pid, { cpuSeconds }] of stats)
      if (descends(pid, root, stats)) seen.set(pid, cpuSeconds);
  };
  look();
  const before = new Map(seen);
  const timer = setInterval(look, 100);
  return {
    /** Seconds since the meter was made. */
    stop(): number {
      clearInterval(timer);
      look();
      let sum = 0;
      for (const [pid, seconds] of seen) sum += seconds - (before.get(pid) ?? 0);
      return sum;
    },
  };
}

function descends(pid: number, root: number, stats: ReadonlyMap<number, Stat>): boolean {
  for (let at = pid; at > 1; at = stats.get(at)?.parent ?? 0) if (at === root) return true;
  return false;
}

/** A server in a process of its own that says `ready` on its standard output. */
export async function startServer(
  file: string,
  args: readonly string[],
  env: Record<string, string | undefined> = { ...process.env, NODE_OPTIONS: "" },
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env,
  });
  await new Promise<void>((done, fail) => {
    child.stdout?.on("data", (text: Buffer) => text.includes("ready") && done());
    child.once("exit", (code) => fail(new Error(`${file} ended with ${code} at its start`)));
  });
  return child;
}

/** Ends a process, by a signal that it can answer or not, and waits until it is gone. */
export async function endProcess(child: ChildProcess, signal: "SIGTERM" | "SIGKILL") {
  const gone = new Promise((done) => child.once("exit", done));
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await gone;
}
