import { availableParallelism } from "node:os";
import type { DoCalls, LambdaFunction } from "../model.ts";
import {
  blockedMax,
  countBlocked,
  findShared,
  mayShare,
  type Pool,
  sharedMegabytesMax,
} from "./pool.ts";
import { type FunctionWorker, sharedCell, startWorker } from "./worker.ts";

/**
 * Limit of busy shared workers. Beyond it an event waits for one of them: another thread would
 * compete for processors, run cold code and end soon after. Each needs about 20 MB.
 */
export const sharedAtWorkMax = Math.min(6, 2 * availableParallelism());

/** Idle workers that are kept longest: dedicated ones (with one function), and shared ones. */
const idleMax = { own: 8, shared: sharedAtWorkMax };
/**
 * How long they are kept, and surplus ones. Surplus workers wait for the next burst, which follows
 * within seconds on busy processors: a thread takes about 75 ms of CPU to start, and 30 ms for each
 * function that it loads.
 */
const keptMilliseconds = { most: 60_000, surplus: 10_000 };

/** The workers of all functions: assigns them to events and ends surplus idle ones. */
export type Fleet = {
  /** Whether an event of the pool may run now, on an idle worker or a new one. */
  hasCapacity(pool: Pool): boolean;
  /** Whether the shared workers that have loaded a function are all at work for others. */
  isSharedAtWork(pool: Pool): boolean;
  /** Returns an idle worker for one event, or starts one. */
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
  cacheDirectory?: string;
  doCalls?: DoCalls;
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
};

/** Creates a fleet without workers. Each pool of `pools` lists its idle dedicated workers. */
export function createFleet(options: FleetOptions, pools: ReadonlyMap<string, Pool>): Fleet {
  const { cacheDirectory, doCalls, line } = options;
  const frozen = sharedCell();
  const living = new Set<FunctionWorker>();
  const shared = new Set<FunctionWorker>();
  const sharedAtWork = new Set<FunctionWorker>();
  let idleShared: FunctionWorker[] = [];

  function start(memoryMegabytes: number): FunctionWorker {
    const cache = cacheDirectory && { cacheDirectory };
    const worker = startWorker({ memoryMegabytes, ...cache, frozen, doCalls, line });
    living.add(worker);
    return worker;
  }

  /** Frozen environments are not shared, since an event of another function would wake them. */
  const sharesNow = (pool: Pool) => Atomics.load(frozen, 0) === 0 && mayShare(pool);

  function hasCapacity(pool: Pool): boolean {
    if (!sharesNow(pool) || pool.idle.length > 0) return true;
    return sharedAtWork.size < sharedAtWorkMax || mayAdd(pool, sharedAtWork);
  }

  function take(pool: Pool): FunctionWorker {
    // The most recently used worker is the warmest; the others may become idle enough to end.
    const own = takeLiving(pool.idle);
    if (own !== undefined) return own;
    if (!sharesNow(pool)) return start(pool.lambda.memoryMegabytes);
    idleShared = idleShared.filter((worker) => !worker.ended());
    const at = findShared(idleShared, pool.lambda);
    const found = idleShared.splice(at, at < 0 ? 0 : 1)[0] ?? start(sharedMegabytesMax);
    shared.add(found);
    sharedAtWork.add(found);
    return found;
  }

  function release(pool: Pool, worker: FunctionWorker): void {
    worker.idleSince = Date.now();
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

/** Whether a pool may use one more shared worker. */
function mayAdd(pool: Pool, atWork: ReadonlySet<FunctionWorker>): boolean {
  // A worker that waits for I/O uses no processor.
  const blocked = countBlocked(atWork);
  if (atWork.size - blocked >= sharedAtWorkMax) return false;
  // Without this, callers of other functions would wait although their worker could run.
  return blocked < blockedMax || pool.running.size === 0;
}

/** Whether a function is loaded at work and nowhere idle; a wait for I/O is not work. */
function isLoadedOnlyAt(
  { lambda, idle, running }: Pool,
  atWork: ReadonlySet<FunctionWorker>,
  idleShared: readonly FunctionWorker[],
): boolean {
  const isThere = (worker: FunctionWorker) => worker.holds(lambda);
  if (running.size > 0 || idle.length > 0 || idleShared.some(isThere)) return false;
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
  return newest.filter(({ idleSince }, at) => Date.now() - idleSince > (at < most ? long : short));
}
