import { cpus } from "node:os";

/** Returns a function that gives the idle share (0 to 1) of CPU time since its last call. */
export function watchIdleShare(): () => number {
  let last = readTimes();
  return () => {
    const now = readTimes();
    const passed = now.all - last.all;
    const share = passed > 0 ? (now.idle - last.idle) / passed : 1;
    last = now;
    return share;
  };
}

function readTimes(): { idle: number; all: number } {
  const sum = { idle: 0, all: 0 };
  for (const { times } of cpus()) {
    sum.idle += times.idle;
    for (const part of Object.values(times)) sum.all += part;
  }
  return sum;
}
