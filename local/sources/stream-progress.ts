import type { Pending } from "./stream-batch.ts";

/** Delivered sequence numbers that are kept for deliveries again. */
const historyMax = 1000;

/** Where a reader stands. Sequence numbers are the engine's. */
export type Progress = {
  /** Everything up to here is done; everything up to `read` has been taken from the engine. */
  position: string | undefined;
  read: string | undefined;
  pending: Pending[];
  /** Positions before the records that were delivered last. */
  history: (string | undefined)[];
  /** Whether the stream may have more than was read. */
  hasMore: boolean;
  /** Borders that a failed batch keeps when it is tried again. */
  sizes: number[];
  tries: number;
  /** The end of a batch that is delivered again although it was a success. */
  doubledUntil: string | undefined;
  /** How many delivered records are to come again. */
  rewind: number;
  /** Looks that found nothing, one after the other. */
  quietLooks: number;
  isIdle: boolean;
  batches: number;
  delivered: number;
  failures: number;
};

/** Nothing was read yet beyond a position. */
export function createProgress(position: string | undefined): Progress {
  return {
    ...{ position, read: position, pending: [], history: [], hasMore: true },
    ...{ sizes: [], tries: 0, doubledUntil: undefined, rewind: 0, quietLooks: 0, isIdle: false },
    ...{ batches: 0, delivered: 0, failures: 0 },
  };
}

/** The whole batch is done, or given up. */
export function finishBatch(at: Progress, size: number): void {
  advance(at, size);
  at.sizes.shift();
  at.tries = 0;
}

/**
 * A batch was partly processed: the remaining records are retried, in two halves if they may be
 * split, which does not count as an attempt.
 */
export function noteFailure(at: Progress, done: number, left: number, maySplit: boolean): void {
  at.failures++;
  if (done > 0) {
    advance(at, done);
    at.tries = 0;
  }
  const others = at.sizes.slice(1);
  if (maySplit && left > 1) {
    const half = Math.ceil(left / 2);
    at.sizes = [half, left - half, ...others];
    at.tries = 0;
  } else {
    at.sizes = [left, ...others];
    at.tries++;
  }
}

/** Leaves the first pending records behind. */
function advance(at: Progress, done: number): void {
  for (const { sequence } of at.pending.splice(0, done)) {
    at.history.push(at.position);
    if (at.history.length > historyMax) at.history.shift();
    at.position = sequence;
  }
  if (at.pending.length === 0) at.position = at.read;
  at.delivered += done;
}

/** Back to before the delivered records that are to come again. */
export function goBack(at: Progress): void {
  const first = Math.max(0, at.history.length - at.rewind);
  at.rewind = 0;
  if (at.history.length === 0) return;
  at.position = at.history[first];
  at.read = at.position;
  at.history.length = first;
  at.pending.length = 0;
  at.sizes = [];
  at.tries = 0;
  at.hasMore = true;
}
