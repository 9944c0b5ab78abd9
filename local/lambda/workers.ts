/**
 * Lambda on one machine: every function has a few workers that are started when they are needed,
 * a bounded line of waiting events, and its workers end when they have been idle for a while.
 */
import { randomUUID } from "node:crypto";
import type { InvocationResult, Invoke, LambdaFunction } from "../model.ts";
import { watchIdleShare } from "./idle-share.ts";
import type { FunctionWorker } from "./worker.ts";
import { payloadBytesMax, sharedCell, startWorker } from "./worker.ts";

type WorkersOptions = {
  functions: Record<string, LambdaFunction>;
  /** The whole environment of a function; asked for when a worker starts. */
  environmentOf(lambda: LambdaFunction): Record<string, string>;
  /** Where V8 keeps compiled bundles, so that later workers and starts load faster. */
  cacheDirectory?: string;
  /** Takes each line that a function writes, and each error that it ends with. */
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
  /** Told after each event how long it ran, which is what Lambda bills. */
  invoked?(functionName: string, milliseconds: number, memoryMegabytes: number): void;
};

type FunctionCounts = { workers: number; running: number; waiting: number; invoked: number };

export type Workers = {
  invoke: Invoke;
  /** What each function that was called so far is doing. */
  counts(): Record<string, FunctionCounts>;
  /** Freezes every worker between two events, as Lambda does, or lets them run on as they are. */
  freeze(isFrozen: boolean): void;
  /** Waits until nothing runs, at most `milliseconds`, then ends all threads. */
  stop(milliseconds: number): Promise<void>;
};

/**
 * Workers that a function gets as soon as it has events: two for a machine's few processors. More
 * would share the same time, and each would run code that is not yet compiled well.
 */
const workersAtOnce = 2;
/** All that it may have when its events wait for something else than a processor. */
const workersPerFunctionMax = 32;
/** Between two that are started beyond the first ones, by what the processors have to do. */
const growMilliseconds = { idle: 50, busy: 1000 };
/** The share of idle processor time from which on another worker is of use at once. */
const idleShareMin = 0.2;
/** Beyond this many waiting events a function is throttled. */
const waitingMax = 1000;
/** More idle threads than this are not kept, whichever function they belong to. */
const idleWorkersMax = 16;
const idleMillisecondsMax = 60_000;

type Waiting = { event: string; since: number; done(result: InvocationResult): void };
type Pool = {
  lambda: LambdaFunction;
  idle: FunctionWorker[];
  running: Set<FunctionWorker>;
  waiting: Waiting[];
  invoked: number;
  /** When it last got a worker beyond the first ones; milliseconds since 1970. */
  grownAt: number;
};

/** Makes the functions callable. No thread starts before the first call. */
export function startWorkers(options: WorkersOptions): Workers {
  const pools = new Map<string, Pool>();
  const idleShare = watchIdleShare();
  let growing: NodeJS.Timeout | undefined;
  const frozen = sharedCell();
  let isStopping = false;
  const poolOf = (lambda: LambdaFunction): Pool => {
    const found = pools.get(lambda.name);
    if (found) return found;
    const none = { idle: [], running: new Set<FunctionWorker>(), waiting: [] };
    const pool: Pool = { lambda, ...none, invoked: 0, grownAt: 0 };
    pools.set(lambda.name, pool);
    return pool;
  };

  const takeWorker = (pool: Pool): FunctionWorker => {
    // The one used last is warmest; the others may become old and end.
    for (let worker = pool.idle.pop(); worker; worker = pool.idle.pop()) {
      if (!worker.ended()) return worker;
    }
    return startWorker(pool.lambda, {
      environment: options.environmentOf(pool.lambda),
      ...(options.cacheDirectory && { cacheDirectory: options.cacheDirectory }),
      frozen,
      line: (text, stream) => options.line(pool.lambda.name, text, stream),
    });
  };

  const runNext = (pool: Pool): void => {
    const limit = Math.min(workersAtOnce, concurrencyOf(pool));
    while (pool.running.size < limit) {
      const next = pool.waiting.shift();
      if (next === undefined) return;
      void runOn(pool, takeWorker(pool), next);
    }
    if (pool.waiting.length > 0) growLater();
  };

  /** Looks again soon whether those who still wait need another worker. */
  const growLater = () => {
    if (growing !== undefined) return;
    // What was idle before anybody waited says nothing of now.
    idleShare();
    growing = setTimeout(() => {
      growing = undefined;
      const isIdle = idleShare() > idleShareMin;
      const pause = isIdle ? growMilliseconds.idle : growMilliseconds.busy;
      for (const pool of pools.values()) grow(pool, pause);
      if ([...pools.values()].some((pool) => pool.waiting.length > 0)) growLater();
    }, growMilliseconds.idle);
  };

  const grow = (pool: Pool, pauseMilliseconds: number) => {
    const now = Date.now();
    const next = pool.waiting[0];
    if (next === undefined || pool.running.size >= concurrencyOf(pool)) return;
    if (now - Math.max(next.since, pool.grownAt) < pauseMilliseconds) return;
    pool.grownAt = now;
    pool.waiting.shift();
    void runOn(pool, takeWorker(pool), next);
  };

  const runOn = async (pool: Pool, worker: FunctionWorker, { event, done }: Waiting) => {
    pool.running.add(worker);
    pool.invoked += 1;
    const started = performance.now();
    const result = await worker.run(randomUUID(), event);
    options.invoked?.(pool.lambda.name, performance.now() - started, pool.lambda.memoryMegabytes);
    pool.running.delete(worker);
    if (!worker.ended()) {
      worker.idleSince = Date.now();
      pool.idle.push(worker);
    }
    done(result);
    runNext(pool);
    endIdleWorkers(idleWorkersMax);
  };

  const endIdleWorkers = (keep: number): void => {
    const idle = [...pools.values()].flatMap((pool) =>
      pool.idle.map((worker) => ({ pool, worker })),
    );
    idle.sort((a, b) => b.worker.idleSince - a.worker.idleSince);
    for (const [index, { pool, worker }] of idle.entries()) {
      const isOld = Date.now() - worker.idleSince > idleMillisecondsMax;
      if (index < keep && !isOld) continue;
      pool.idle = pool.idle.filter((other) => other !== worker);
      void worker.end();
    }
  };
  const timer = setInterval(() => endIdleWorkers(idleWorkersMax), idleMillisecondsMax / 4);
  timer.unref();

  const invoke: Invoke = async (functionName, event) => {
    const lambda = options.functions[functionName];
    if (lambda === undefined || !Object.hasOwn(options.functions, functionName)) {
      return failed("ResourceNotFoundException", `Function not found: ${functionName}`);
    }
    if (isStopping) return failed("ServiceException", "The runner is stopping.");
    const text = JSON.stringify(event);
    if (Buffer.byteLength(text) > payloadBytesMax) {
      return failed(
        "RequestTooLargeException",
        `Request must be smaller than ${payloadBytesMax} bytes`,
      );
    }
    const pool = poolOf(lambda);
    if (pool.waiting.length >= waitingMax || lambda.reservedConcurrency === 0) {
      return failed("TooManyRequestsException", "Rate Exceeded.");
    }
    return await new Promise<InvocationResult>((resolve) => {
      pool.waiting.push({ event: text, since: Date.now(), done: resolve });
      runNext(pool);
    });
  };

  return {
    invoke,
    counts: () =>
      Object.fromEntries(
        [...pools].map(([name, pool]) => [
          name,
          {
            workers: pool.idle.length + pool.running.size,
            running: pool.running.size,
            waiting: pool.waiting.length,
            invoked: pool.invoked,
          },
        ]),
      ),
    freeze: (isFrozen) => void Atomics.store(frozen, 0, Number(isFrozen)),
    async stop(milliseconds) {
      const end = Date.now() + milliseconds;
      const isBusy = () => [...pools.values()].some((pool) => pool.running.size > 0);
      while (isBusy() && Date.now() < end) await new Promise((done) => setTimeout(done, 10));
      isStopping = true;
      clearInterval(timer);
      clearTimeout(growing);
      const all = [...pools.values()].flatMap((pool) => [...pool.idle, ...pool.running]);
      for (const pool of pools.values()) {
        for (const { done } of pool.waiting.splice(0))
          done(failed("ServiceException", "Stopping."));
      }
      await Promise.all(all.map((worker) => worker.end()));
    },
  };
}

const concurrencyOf = ({ lambda }: Pool) =>
  Math.min(workersPerFunctionMax, lambda.reservedConcurrency ?? workersPerFunctionMax);

function failed(errorType: string, errorMessage: string): InvocationResult {
  return { ok: false, error: { errorType, errorMessage } };
}
