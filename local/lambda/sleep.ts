import type { Worker } from "node:worker_threads";

/** Over so long it is looked whether a thread works or waits. Milliseconds. */
const lookMilliseconds = 100;
/** A thread that works for less than this share of the time takes no processor from others. */
const awakeShareMin = 0.02;

/** Whether a thread waits for something outside, such as a receiver that hangs. */
export type Sleep = {
  /** Says that the thread is given something to do. */
  begin(): void;
  /** Counts calls sent to this process, or answered by it. */
  asks(calls: number): void;
  answered(): void;
  /** True where it has done next to nothing for a tenth of a second, though it has to. */
  isAsleep(): boolean;
};

/** Watches a thread by the time that its event loop is idle. */
export function watchSleep({ performance: thread }: Worker): Sleep {
  let since = performance.now();
  let before = thread.eventLoopUtilization();
  let asleep = false;
  /** Calls that are not answered yet, and when the last one was asked or answered. */
  let open = 0;
  let calledAt = 0;
  const look = () => {
    since = performance.now();
    before = thread.eventLoopUtilization();
  };
  return {
    begin() {
      asleep = false;
      open = 0;
      look();
    },
    asks(calls) {
      open += calls;
      calledAt = performance.now();
    },
    answered() {
      open = Math.max(0, open - 1);
      calledAt = performance.now();
    },
    isAsleep() {
      // It waits for this very process, which has too much to do: that is no reason for more.
      if (open > 0 || performance.now() - calledAt < lookMilliseconds) return false;
      if (performance.now() - since < lookMilliseconds) return asleep;
      const { idle, utilization } = thread.eventLoopUtilization(before);
      // A thread that is only starting has neither worked nor waited.
      asleep = idle > 0 && utilization < awakeShareMin;
      look();
      return asleep;
    },
  };
}
