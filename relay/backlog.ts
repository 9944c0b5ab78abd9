import { logFault } from "../platform/runtime/log.ts";

/** Queued work. */
export type Backlog<Work> = {
  add(work: Work): void;
  /** Number of items that wait or are in progress. */
  size(): number;
  /** Waits until nothing is left. */
  settled(): Promise<void>;
};

/**
 * Does work in batches of up to `batchMax`, at most `batchesMax` of them at a time. When thousands
 * of sockets end or open at once, their calls to the table would otherwise wait for the same few
 * connections until they time out, and so would the reads of the rooms. A failure is logged.
 */
export function createBacklog<Work>(
  { batchMax = 1, batchesMax = 1 }: { batchMax?: number; batchesMax?: number },
  act: (batch: readonly Work[]) => Promise<void>,
): Backlog<Work> {
  const waiting: Work[] = [];
  const working = new Set<Promise<void>>();
  let [workers, inProgress] = [0, 0];
  async function work(): Promise<void> {
    // Waits, so that items that are added together form one batch.
    await undefined;
    for (let batch = waiting.splice(0, batchMax); batch.length > 0; ) {
      inProgress += batch.length;
      await act(batch).catch((error) => logFault("A backlog's work failed", error));
      inProgress -= batch.length;
      batch = waiting.splice(0, batchMax);
    }
    // No await since the last look at the queue: the next item starts a new worker.
    workers -= 1;
  }
  return {
    add(one) {
      waiting.push(one);
      if (workers >= batchesMax) return;
      workers += 1;
      const worker: Promise<void> = work().finally(() => working.delete(worker));
      working.add(worker);
    },
    size: () => waiting.length + inProgress,
    async settled() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}
