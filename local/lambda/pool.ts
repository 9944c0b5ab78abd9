import { availableParallelism } from "node:os";
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
  /** Workers that run an event of this function, including shared ones. */
  running: Set<FunctionWorker>;
  waiting: Waiting[];
  invoked: number;
  /** When the last additional worker was started, by `performance.now`. */
  grownAt: number;
};

/** Creates the pool of a function that has had no event yet. */
export function createPool(lambda: LambdaFunction): Pool {
  return { lambda, idle: [], running: new Set(), waiting: [], invoked: 0, grownAt: 0 };
}

/**
 * Limit of workers that are treated as waiting for I/O. A thread that gets no processor time looks
 * the same, and on busy processors more threads would starve too, so beyond this limit workers are
 * added slowly.
 */
export const blockedMax = 4 * availableParallelism();

/** The number of workers that seem to wait for I/O. */
export const countBlocked = (workers: Iterable<FunctionWorker>): number =>
  [...workers].filter((worker) => worker.isBlocked()).length;

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

/** Index of the idle shared worker that suits a function best; -1 if none has room for it. */
export function findShared(idle: readonly FunctionWorker[], lambda: LambdaFunction): number {
  const holding = idle.findLastIndex((worker) => worker.holds(lambda));
  return holding >= 0 ? holding : idle.findLastIndex(hasRoom);
}

const hasRoom = (worker: FunctionWorker) => worker.bundles() < bundlesPerWorkerMax;

/** The number of workers that a function may have at once. */
export function concurrencyOf({ lambda }: Pool, most: number): number {
  return Math.min(most, lambda.reservedConcurrency ?? most);
}

/** Pools with waiting events, the longest waiting first. */
export function listWaiting(pools: Iterable<Pool>): Pool[] {
  const waiting = [...pools].filter((pool) => pool.waiting.length > 0);
  return waiting.sort((a, b) => a.waiting[0]!.since - b.waiting[0]!.since);
}
