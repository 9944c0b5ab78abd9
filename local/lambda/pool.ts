import type { InvocationResult, LambdaFunction } from "../model.ts";
import type { FunctionWorker, WorkerFunction } from "./worker.ts";

/** An event that waits for a worker, since when (milliseconds since 1970), and who hears of it. */
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
  /** When it last got a worker beyond the first ones; milliseconds since 1970. */
  grownAt: number;
  /** How many events it has had lately, as of `heatedAt`. */
  heat: number;
  heatedAt: number;
};

/** A function that has had no event yet. */
export function createPool(lambda: LambdaFunction): Pool {
  const times = { grownAt: 0, heat: 0, heatedAt: 0 };
  return { lambda, idle: [], running: new Set(), waiting: [], invoked: 0, ...times };
}

/** Events are forgotten by and by; after so long a third of them counts. Milliseconds. */
const heatMilliseconds = 10_000;
/** From so many events lately on a function is worth a worker of its own: ten a second, say. */
const hotFrom = 100;
/** What has more memory does heavy work, and would keep light ones waiting. Megabytes. */
export const sharedMegabytesMax = 512;
/** A worker that holds so many functions takes no other one. */
const functionsPerWorkerMax = 24;

const heatAt = ({ heat, heatedAt }: Pool, now: number) =>
  heat * Math.exp((heatedAt - now) / heatMilliseconds);

/** Counts an event. */
export function heatUp(pool: Pool, now: number): void {
  pool.heat = heatAt(pool, now) + 1;
  pool.heatedAt = now;
}

/** Whether a function may run in one thread with others: most are called now and then. */
export const mayShare = (pool: Pool, now: number): boolean =>
  pool.lambda.memoryMegabytes <= sharedMegabytesMax && heatAt(pool, now) < hotFrom;

/** Takes the shared worker that suits a function best out of the idle ones. */
export function takeShared(idle: FunctionWorker[], name: string): FunctionWorker | undefined {
  const holding = idle.findLastIndex((worker) => worker.holds(name));
  const at = holding >= 0 ? holding : idle.findLastIndex(hasRoom);
  return at < 0 ? undefined : idle.splice(at, 1)[0];
}

const hasRoom = (worker: FunctionWorker) => worker.size() < functionsPerWorkerMax;

/** Workers that a function may have at once. */
export function concurrencyOf({ lambda }: Pool, most: number): number {
  return Math.min(most, lambda.reservedConcurrency ?? most);
}
