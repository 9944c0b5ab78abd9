import { availableParallelism } from "node:os";
import type { InvocationResult, LambdaFunction } from "../model.ts";
import type { FunctionWorker, WorkerFunction } from "./worker.ts";

/**
 * An event that waits for a worker, since when (by `performance.now`; with a delay, since later
 * than it arrived), and the callback for its result.
 */
export type Waiting = { event: string; since: number; done(result: InvocationResult): void };

/** One function, its events and the workers that are its alone. */
export type Pool = {
  lambda: LambdaFunction;
  prepared?: WorkerFunction;
  /** The folder of the bundle for which it was prepared. */
  preparedFrom?: string;
  /** Idle workers that run no other function, the one used last at the end. */
  idle: FunctionWorker[];
  /** Workers that run an event of it, shared ones too. */
  running: Set<FunctionWorker>;
  waiting: Waiting[];
  invoked: number;
  /** When it last got a worker beyond the first ones, by `performance.now`. */
  grownAt: number;
};

/** A function that has had no event yet. */
export function createPool(lambda: LambdaFunction): Pool {
  return { lambda, idle: [], running: new Set(), waiting: [], invoked: 0, grownAt: 0 };
}

/**
 * Upper bound on workers treated as idle. A thread without processor time looks the same, and on
 * busy processors each further thread would starve as well: from here on workers are added slowly.
 */
export const asleepMax = 4 * availableParallelism();

/** How many of these workers seem to wait for something outside. */
export const countAsleep = (workers: Iterable<FunctionWorker>): number =>
  [...workers].filter((worker) => worker.isAsleep()).length;

/** What has more memory does heavy work, and would keep light ones waiting. Megabytes. */
export const sharedMegabytesMax = 512;
/**
 * Bundles that a worker loads in its life, those that were replaced included: they stay in memory,
 * each with some 1.5 MB. All shared workers together must hold every function of a stage, or calls
 * of many routes load bundles all the time, which takes more than half of their CPU.
 */
const bundlesPerWorkerMax = 100;

/** Whether a function may run in one thread with others: all but the heavy ones. */
export const mayShare = ({ lambda }: Pool): boolean => lambda.memoryMegabytes <= sharedMegabytesMax;

/** Which of the idle shared workers suits a function best; -1 where none has room for it. */
export function findShared(idle: readonly FunctionWorker[], lambda: LambdaFunction): number {
  const holding = idle.findLastIndex((worker) => worker.holds(lambda));
  return holding >= 0 ? holding : idle.findLastIndex(hasRoom);
}

const hasRoom = (worker: FunctionWorker) => worker.bundles() < bundlesPerWorkerMax;

/** Workers that a function may have at once. */
export function concurrencyOf({ lambda }: Pool, most: number): number {
  return Math.min(most, lambda.reservedConcurrency ?? most);
}

/** Pools with waiting events, the longest waiting first. */
export function listWaiting(pools: Iterable<Pool>): Pool[] {
  const waiting = [...pools].filter((pool) => pool.waiting.length > 0);
  return waiting.sort((a, b) => a.waiting[0]!.since - b.waiting[0]!.since);
}
