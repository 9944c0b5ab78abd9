import type { InvocationResult, LambdaFunction } from "../model.ts";
import type { WrittenEvent } from "./thread-body.ts";
import type { FunctionWorker, WorkerFunction } from "./worker.ts";

/**
 * An event that waits for a worker. `since` is its arrival by `performance.now`, or later if the
 * caller asked for a delay.
 */
export type Waiting = { event: WrittenEvent; since: number; done(result: InvocationResult): void };

/** One function with its waiting events and dedicated workers. */
export type Pool = {
  lambda: LambdaFunction;
  prepared?: WorkerFunction;
  /** The bundle folder for which `prepared` was made. */
  preparedFrom?: string;
  /** Idle dedicated workers, the most recently used last. */
  idle: FunctionWorker[];
  /** The workers of this function's running events, including shared ones, one for each event. */
  running: FunctionWorker[];
  waiting: Waiting[];
  invoked: number;
  /** When the last additional worker was started, by `performance.now`. */
  grownAt: number;
};

/** Creates the pool of a function that has had no event yet. */
export function createPool(lambda: LambdaFunction): Pool {
  return { lambda, idle: [], running: [], waiting: [], invoked: 0, grownAt: 0 };
}

/** The number of workers whose events do not all wait for I/O. */
export const countAwake = (workers: Iterable<FunctionWorker>): number =>
  [...new Set(workers)].filter((worker) => !worker.isBlocked()).length;

/** Functions with more memory than this do heavy work and would block light ones. Megabytes. */
export const sharedMegabytesMax = 512;
/**
 * Bundles that a worker may load in its life, replaced ones included: they stay in memory, with
 * about 1.5 MB each. Together, the shared workers must be able to hold every function of a stage;
 * otherwise traffic over many routes reloads bundles constantly, which takes over half of their
 * CPU.
 */
const bundlesPerWorkerMax = 100;

/** Whether a function may share threads with others: all except the heavy ones. */
export const mayShare = ({ lambda }: Pool): boolean => lambda.memoryMegabytes <= sharedMegabytesMax;

/** The free shared worker that suits a function best; undefined if none has room for it. */
export const findShared = (free: readonly FunctionWorker[], lambda: LambdaFunction) =>
  free.findLast((worker) => worker.holds(lambda)) ?? free.findLast(hasRoom);

const hasRoom = (worker: FunctionWorker) => worker.bundles() < bundlesPerWorkerMax;

/**
 * Workers at work for a function at once, unless its events have to wait for them too long.
 * With a machine's few processors, more workers would share the same time, and each would run code
 * that is not yet optimized.
 */
export const workersAtOnce = 2;
/**
 * Limit of a function's running events, if they share threads and if each has its own. A template's
 * event sources stay below the first (`webhooks/deliver`: 128).
 */
const eventsMax = { shared: 256, own: 32 };

/** Whether a function's concurrency allows another event; `isShared`: its events share threads. */
export function mayRun({ lambda, running }: Pool, isShared: boolean): boolean {
  const most = isShared ? eventsMax.shared : eventsMax.own;
  return running.length < Math.min(most, lambda.reservedConcurrency ?? most);
}

/** Pools with waiting events, the longest waiting first. */
export function listWaiting(pools: Iterable<Pool>): Pool[] {
  const waiting = [...pools].filter((pool) => pool.waiting.length > 0);
  return waiting.sort((a, b) => a.waiting[0]!.since - b.waiting[0]!.since);
}
