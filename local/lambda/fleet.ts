import { availableParallelism } from "node:os";
import type { DoCalls, LambdaFunction } from "../model.ts";
import {
  asleepMax,
  countAsleep,
  findShared,
  mayShare,
  type Pool,
  sharedMegabytesMax,
} from "./pool.ts";
import { type FunctionWorker, sharedCell, startWorker } from "./worker.ts";

/**
 * With this many busy shared workers an event waits for one of them instead of starting another,
 * which would compete for processors, run cold code and end soon after. Each needs about 20 MB.
 */
export const sharedAtWorkMax = Math.min(6, 2 * availableParallelism());

/** More idle workers than this are not kept: of functions that have their own, and shared ones. */
const idleMax = { own: 4, shared: sharedAtWorkMax };
const idleMillisecondsMax = 60_000;

/** The workers of all functions: who gets which, and which of the idle ones end. */
export type Fleet = {
  /** Whether there is a worker for an event of the pool, or few enough at work for another one. */
  hasPlace(pool: Pool): boolean;
  /** A worker for one event: an idle one, or a new one. */
  take(pool: Pool): FunctionWorker;
  /** Takes a worker back after its event, if it lives. */
  giveBack(pool: Pool, worker: FunctionWorker): void;
  /** How many idle shared workers hold a function. */
  holding(lambda: LambdaFunction): number;
  size(): number;
  freeze(isFrozen: boolean): void;
  end(): Promise<void>;
};

type FleetOptions = {
  cacheDirectory?: string;
  doCalls?: DoCalls;
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
};

/** Makes a fleet without any worker. The idle workers of `pools` are those with one function. */
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

  /** While environments are frozen nobody shares: an event of another must not wake one. */
  const sharesNow = (pool: Pool) => Atomics.load(frozen, 0) === 0 && mayShare(pool);

  function hasPlace(pool: Pool): boolean {
    if (!sharesNow(pool) || pool.idle.length > 0) return true;
    if (sharedAtWork.size < sharedAtWorkMax || findShared(idleShared, pool.lambda) >= 0)
      return true;
    return mayAdd(pool, sharedAtWork);
  }

  function take(pool: Pool): FunctionWorker {
    // The one used last is warmest; the others may become old and end.
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

  function giveBack(pool: Pool, worker: FunctionWorker): void {
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

  /** Ends those that have been idle for long, and of the others those beyond what is kept. */
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
  const timer = setInterval(endIdle, idleMillisecondsMax / 4);
  timer.unref();

  return {
    hasPlace,
    take,
    giveBack,
    holding: (lambda) => idleShared.filter((worker) => worker.holds(lambda)).length,
    size: () => living.size,
    freeze: (isFrozen) => void Atomics.store(frozen, 0, Number(isFrozen)),
    async end() {
      clearInterval(timer);
      await Promise.all([...living].map((worker) => worker.end()));
    },
  };
}

/** Whether a pool may have one more shared worker. */
function mayAdd(pool: Pool, atWork: ReadonlySet<FunctionWorker>): boolean {
  // One that waits for something outside takes no processor.
  const asleep = countAsleep(atWork);
  if (atWork.size - asleep >= sharedAtWorkMax) return false;
  // A caller of another function waits for a worker that can run.
  return asleep < asleepMax || pool.running.size === 0;
}

function takeLiving(idle: FunctionWorker[]): FunctionWorker | undefined {
  for (let worker = idle.pop(); worker !== undefined; worker = idle.pop())
    if (!worker.ended()) return worker;
  return undefined;
}

/** Idle workers that have to end: old ones, and beyond the most that are kept the longest idle. */
function surplus(idle: readonly FunctionWorker[], most: number): FunctionWorker[] {
  const newest = idle.toSorted((a, b) => b.idleSince - a.idleSince);
  return newest.filter(
    ({ idleSince }, at) => at >= most || Date.now() - idleSince > idleMillisecondsMax,
  );
}
