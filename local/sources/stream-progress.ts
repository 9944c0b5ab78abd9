import type { Pending } from "./stream-batch.ts";

/** Delivered sequence numbers that are kept for redelivery. */
const historyMax = 1000;

/** A reader's position and settings. Sequence numbers are the engine's. */
export type Progress = {
  /** Everything up to here is done; records up to `read` have been fetched. */
  position: string | undefined;
  read: string | undefined;
  pending: Pending[];
  /** Positions before the most recently delivered records. */
  history: (string | undefined)[];
  /** Whether the stream may have unread records. */
  hasMore: boolean;
  /** The size that a failed batch keeps when it is retried. */
  size: number | undefined;
  tries: number;
  /** The end of a successful batch that is delivered a second time. */
  doubledUntil: string | undefined;
  /** How many delivered records to deliver again. */
  rewind: number;
  /** The number of consecutive polls that found nothing. */
  emptyPolls: number;
  isIdle: boolean;
  batches: number;
  delivered: number;
  failures: number;
};

/** Progress at a position, before anything was read. */
export function createProgress(position: string | undefined): Progress {
  return {
    position,
    read: position,
    pending: [],
    history: [],
    hasMore: true,
    size: undefined,
    tries: 0,
    doubledUntil: undefined,
    rewind: 0,
    emptyPolls: 0,
    isIdle: false,
    batches: 0,
    delivered: 0,
    failures: 0,
  };
}

/** The whole batch is done, or given up. */
export function finishBatch(at: Progress, size: number): void {
  advance(at, size);
  at.size = undefined;
  at.tries = 0;
}

/** A batch was partly processed: the remaining records are retried. */
export function noteFailure(at: Progress, done: number, left: number): void {
  at.failures++;
  if (done > 0) {
    advance(at, done);
    at.tries = 0;
  }
  at.size = left;
  at.tries++;
}

/** Drops the first pending records. */
function advance(at: Progress, done: number): void {
  for (const { sequence } of at.pending.splice(0, done)) {
    at.history.push(at.position);
    if (at.history.length > historyMax) at.history.shift();
    at.position = sequence;
  }
  if (at.pending.length === 0) at.position = at.read;
  at.delivered += done;
}

/** Returns to the position before the records that are to be delivered again. */
export function goBack(at: Progress): void {
  const first = Math.max(0, at.history.length - at.rewind);
  at.rewind = 0;
  if (at.history.length === 0) return;
  at.position = at.history[first];
  at.read = at.position;
  at.history.length = first;
  at.pending.length = 0;
  at.size = undefined;
  at.tries = 0;
  at.hasMore = true;
}
