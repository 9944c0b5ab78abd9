import { availableParallelism } from "node:os";
import type { LambdaFunction, PerformCalls } from "../model.ts";
import {
  countAwake,
  findShared,
  mayRun,
  mayShare,
  type Pool,
  sharedMegabytesMax,
  workersAtOnce,
} from "./pool.ts";
import { type FunctionWorker, sharedCell, startWorker } from "./worker.ts";

/**
 * Limit of busy shared workers. Beyond it an event waits for one of them: another thread would
 * compete for processors, run cold code and end soon after. Each needs about 20 MB.
 */
export const busySharedMax = Math.min(6, 2 * availableParallelism());

/** Idle workers that are kept longest: dedicated ones (with one function), and shared ones. */
const idleMax = { own: 8, shared: busySharedMax };
/**
 * How long idle workers are kept: up to `idleMax`, and surplus ones. These wait for the next burst,
 * which follows within seconds on busy processors: a thread takes about 75 ms of CPU to start, and
 * 30 ms for each function that it loads.
 */
const keptMilliseconds = { most: 60_000, surplus: 10_000 };

/** The workers of all functions: assigns them to events and ends surplus idle ones. */
export type Fleet = {
  /** Whether the pool's concurrency allows another event. */
  mayRun(pool: Pool): boolean;
  /** Whether an event of the pool may run at once, on a free worker or a new one. */
  hasCapacity(pool: Pool): boolean;
  /** Whether the shared workers that have loaded a function are all busy with others. */
  isSharedAtWork(pool: Pool): boolean;
  /** Returns a free worker for one event, or starts one. */
  take(pool: Pool): FunctionWorker;
  /** Returns a worker after its event; a worker that has ended is dropped. */
  release(pool: Pool, worker: FunctionWorker): void;
  /** The number of idle shared workers that have loaded a function. */
  countLoaded(lambda: LambdaFunction): number;
  size(): number;
  freeze(isFrozen: boolean): void;
  end(): Promise<void>;
};

type FleetOptions = {
  doCalls?: PerformCalls;
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
};

/** Creates a fleet without workers. Each pool of `pools` lists its idle dedicated workers. */
export function createFleet(options: FleetOptions, pools: ReadonlyMap<string, Pool>): Fleet {
  const frozen = sharedCell();
  const living = new Set<FunctionWorker>();
  const shared = new Set<FunctionWorker>();
  const sharedAtWork = new Set<FunctionWorker>();
  let idleShared: FunctionWorker[] = [];

  function start(memoryMegabytes: number): FunctionWorker {
    const worker = startWorker({ ...options, memoryMegabytes, frozen });
    living.add(worker);
    return worker;
  }

  /** Frozen environments are not shared, since an event of another function would wake them. */
  const sharesNow = (pool: Pool) => Atomics.load(frozen, 0) === 0 && mayShare(pool);

  const allows = (pool: Pool) => mayRun(pool, sharesNow(pool));
  function hasCapacity(pool: Pool): boolean {
    if (!allows(pool) || countAwake(pool.running) >= workersAtOnce) return false;
    if (!sharesNow(pool) || pool.idle.length > 0) return true;
    return countAwake(sharedAtWork) < busySharedMax;
  }

  function take(pool: Pool): FunctionWorker {
    // The most recently used worker is the warmest; the others may become idle enough to end.
    const own = takeLiving(pool.idle);
    if (own !== undefined) return own;
    if (!sharesNow(pool)) return start(pool.lambda.memoryMegabytes);
    const free = [...sharedAtWork, ...idleShared].filter((one) => !one.ended() && one.isFree());
    const found = findShared(free, pool.lambda) ?? start(sharedMegabytesMax);
    idleShared = idleShared.filter((one) => one !== found && !one.ended());
    shared.add(found);
    sharedAtWork.add(found);
    return found;
  }

  function release(pool: Pool, worker: FunctionWorker): void {
    if (worker.events() > 0) return;
    worker.idleSince = performance.now();
    sharedAtWork.delete(worker);
    if (worker.ended()) forget(worker);
    else if (shared.has(worker)) idleShared.push(worker);
    else pool.idle.push(worker);
    endIdle();
  }

  function forget(worker: FunctionWorker): void {
    living.delete(worker);
    shared.delete(worker);
  }

  /** Ends workers that have been idle for too long, and those beyond the limits. */
  function endIdle(): void {
    const own = [...pools.values()].flatMap(({ idle }) => idle);
    const leaving = new Set([...surplus(own, idleMax.own), ...surplus(idleShared, idleMax.shared)]);
    if (leaving.size === 0) return;
    for (const pool of pools.values()) pool.idle = pool.idle.filter((one) => !leaving.has(one));
    idleShared = idleShared.filter((one) => !leaving.has(one));
    for (const worker of leaving) {
      forget(worker);
      void worker.end();
    }
  }
  const timer = setInterval(endIdle, keptMilliseconds.surplus);
  timer.unref();

  return {
    mayRun: allows,
    hasCapacity,
    isSharedAtWork: (pool) => isLoadedOnlyAt(pool, sharedAtWork, idleShared),
    take,
    release,
    countLoaded: (lambda) => idleShared.filter((worker) => worker.holds(lambda)).length,
    size: () => living.size,
    freeze: (isFrozen) => void Atomics.store(frozen, 0, Number(isFrozen)),
    async end() {
      clearInterval(timer);
      await Promise.all([...living].map((worker) => worker.end()));
    },
  };
}

/** Whether only busy workers have loaded a function; those that wait for I/O are not busy. */
function isLoadedOnlyAt(
  { lambda, idle, running }: Pool,
  atWork: ReadonlySet<FunctionWorker>,
  idleShared: readonly FunctionWorker[],
): boolean {
  const isThere = (worker: FunctionWorker) => worker.holds(lambda);
  if (running.length > 0 || idle.length > 0 || idleShared.some(isThere)) return false;
  return [...atWork].some((worker) => isThere(worker) && !worker.isBlocked());
}

function takeLiving(idle: FunctionWorker[]): FunctionWorker | undefined {
  for (let worker = idle.pop(); worker !== undefined; worker = idle.pop())
    if (!worker.ended()) return worker;
  return undefined;
}

/** Idle workers to end: those idle for too long, and sooner the longest idle ones beyond `most`. */
function surplus(idle: readonly FunctionWorker[], most: number): FunctionWorker[] {
  const newest = idle.toSorted((a, b) => b.idleSince - a.idleSince);
  const { most: long, surplus: short } = keptMilliseconds;
  const now = performance.now();
  return newest.filter(({ idleSince }, at) => now - idleSince > (at < most ? long : short));
}
