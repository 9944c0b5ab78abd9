import { logFault } from "../platform/runtime/log.ts";

/** Work that waits its turn. */
export type Backlog<Work> = {
  add(work: Work): void;
  /** Number of works that wait or are in progress. */
  size(): number;
  /** Waits until nothing is left. */
  settled(): Promise<void>;
};

/**
 * Does work in batches of up to `batchMax`, at most `batchesMax` of them at a time. When thousands
 * of sockets end or open at once, their calls to the table would otherwise all wait for the same few
 * connections, each until its timeout, and the reads of the rooms with them. A failure is logged.
 */
export function createBacklog<Work>(
  { batchMax = 1, batchesMax = 1 }: { batchMax?: number; batchesMax?: number },
  act: (batch: readonly Work[]) => Promise<void>,
): Backlog<Work> {
  const waiting: Work[] = [];
  const working = new Set<Promise<void>>();
  let [workers, inProgress] = [0, 0];
  async function work(): Promise<void> {
    // Work that is added together comes into one batch.
    await undefined;
    for (let batch = waiting.splice(0, batchMax); batch.length > 0; ) {
      inProgress += batch.length;
      await act(batch).catch((error) => logFault("A backlog's work failed", error));
      inProgress -= batch.length;
      batch = waiting.splice(0, batchMax);
    }
    // In the same step that found nothing left: what is added next starts another worker.
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
