import type { Worker } from "node:worker_threads";

/** The period over which a thread's utilization is measured. */
const sampleMilliseconds = 50;
/** Below this utilization a thread counts as waiting for I/O. */
const awakeShareMin = 0.02;
/** A call that got no response for this long gets none any more: its caller has given up. */
const lostMilliseconds = 2_000;

/** Whether a thread waits for something outside the process, such as a webhook that hangs. */
export type IoWait = {
  /** Starts measuring: the thread got work. Calls of earlier events count on unless it was idle. */
  begin(wasIdle: boolean): void;
  /** Counts calls that the thread sent to this process; `answered` counts responses. */
  asks(calls: number): void;
  answered(): void;
  /**
   * True if the thread has work but has done next to nothing for the last 50 ms, although it got
   * the processor time to do it.
   */
  isBlocked(): boolean;
};

/**
 * Measures a thread's event loop utilization. `hasUnread` says whether it has messages to receive.
 */
export function watchIoWait({ performance: thread }: Worker, hasUnread: () => boolean): IoWait {
  let since = performance.now();
  let before = thread.eventLoopUtilization();
  let blocked = false;
  /** Unanswered calls to this process, and the time of the last call or response. */
  let open = 0;
  let calledAt = 0;
  const look = () => {
    since = performance.now();
    before = thread.eventLoopUtilization();
  };
  return {
    begin(wasIdle) {
      blocked = false;
      if (wasIdle) open = 0;
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
    isBlocked() {
      // The thread gets no processor time to read; another worker would get none either.
      if (hasUnread()) return false;
      // The thread waits for this process, which is busy itself: another worker would not help.
      const quiet = performance.now() - calledAt;
      if (quiet < (open > 0 ? lostMilliseconds : sampleMilliseconds)) return false;
      if (performance.now() - since < sampleMilliseconds) return blocked;
      const { idle, utilization } = thread.eventLoopUtilization(before);
      // A thread that is still starting has neither worked nor waited.
      blocked = idle > 0 && utilization < awakeShareMin;
      look();
      return blocked;
    },
  };
}
