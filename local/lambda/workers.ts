import { randomUUID } from "node:crypto";
import { BodyBytes } from "../body-bytes.ts";
import { watchIdleShare } from "../idle-share.ts";
import type { InvocationResult, Invoke, LambdaFunction, PerformCalls } from "../model.ts";
import { createFleet } from "./fleet.ts";
import { payloadBytesMax } from "./outcome.ts";
import { createPool, listWaiting, type Pool, type Waiting } from "./pool.ts";
import type { WrittenEvent } from "./thread-body.ts";
import type { FunctionWorker, WorkerFunction } from "./worker.ts";

type WorkersOptions = {
  functions: Record<string, LambdaFunction>;
  /** Prepares a function with its complete environment; called at its first event. */
  prepare(lambda: LambdaFunction): Omit<WorkerFunction, "lambda">;
  /** Performs AWS calls that are sent as thread messages. Without it, calls use sockets. */
  doCalls?: PerformCalls;
  /** Receives each log line of a function, and the stack of each error. */
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
  /** Called after each event with its duration, which is what Lambda bills. */
  invoked?(functionName: string, milliseconds: number, memoryMegabytes: number): void;
};

type FunctionCounts = { workers: number; running: number; waiting: number; invoked: number };

export type Workers = {
  invoke: Invoke;
  /** The activity of each function that was called so far. */
  counts(): Record<string, FunctionCounts>;
  /** The number of threads. */
  threads(): number;
  /** Makes every worker freeze between events, as Lambda does, or stops doing so. */
  freeze(isFrozen: boolean): void;
  /** Waits up to `milliseconds` for running events, then ends all threads. */
  stop(milliseconds: number): Promise<void>;
};

/** The pause before one worker more than `workersAtOnce`, with idle and with busy processors. */
const growMilliseconds = { idle: 50, busy: 1000 };
/**
 * How long an event waits for a worker that has loaded its function and runs another one, before
 * one more worker loads it. Loading takes about 40 ms of a processor, most events a few: without
 * the wait, five functions called at one moment would load four times, which delays all calls.
 */
const spareMilliseconds = 40;
/** From this share of idle processor time, another worker helps at once. */
const idleShareMin = 0.2;
/** Beyond this many waiting events a function is throttled. */
const waitingMax = 1000;

/**
 * Lambda on one machine: starts workers for a function on demand, queues a bounded number of
 * events, and ends idle workers. All except heavy functions share workers. No thread starts before
 * the first call.
 */
export function startWorkers(options: WorkersOptions): Workers {
  const pools = new Map<string, Pool>();
  const fleet = createFleet(options, pools);
  const growth = createGrowth(pools, {
    mayRun: fleet.mayRun,
    runNext,
    start: (pool, next) => void runOn(pool, fleet.take(pool), next),
  });
  let isStopping = false;

  /** Whether the next event should wait for a worker that another function uses at this moment. */
  const sparesLoad = (pool: Pool) =>
    performance.now() - (pool.waiting[0]?.since ?? 0) < spareMilliseconds &&
    fleet.isSharedAtWork(pool);

  function runNext(pool: Pool): void {
    while (pool.waiting.length > 0 && fleet.hasCapacity(pool) && !sparesLoad(pool))
      void runOn(pool, fleet.take(pool), pool.waiting.shift()!);
    if (pool.waiting.length > 0) growth.look();
  }

  async function runOn(pool: Pool, worker: FunctionWorker, { event, done }: Waiting) {
    const { lambda } = pool;
    // A changed bundle may come with changed settings.
    if (pool.prepared === undefined || pool.preparedFrom !== lambda.directory) {
      pool.prepared = { lambda, ...options.prepare(lambda) };
      pool.preparedFrom = lambda.directory;
    }
    pool.running.push(worker);
    pool.invoked++;
    const started = performance.now();
    const result = await worker.run(pool.prepared, randomUUID(), event);
    options.invoked?.(lambda.name, performance.now() - started, lambda.memoryMegabytes);
    pool.running.splice(pool.running.indexOf(worker), 1);
    fleet.release(pool, worker);
    done(result);
    for (const next of listWaiting(pools.values())) runNext(next);
  }

  function invoke(lambda: LambdaFunction, event: WrittenEvent, delay: number) {
    const pool = pools.get(lambda.name) ?? createPool(lambda);
    pools.set(lambda.name, pool);
    // Another object, if the function was removed and added again.
    pool.lambda = lambda;
    if (pool.waiting.length >= waitingMax || lambda.reservedConcurrency === 0)
      return failed("TooManyRequestsException", "Rate Exceeded.");
    return new Promise<InvocationResult>((done) => {
      pool.waiting.push({ event, since: performance.now() + delay, done });
      runNext(pool);
    });
  }

  return {
    async invoke(functionName, event, delay = 0) {
      const lambda = options.functions[functionName];
      if (lambda === undefined || !Object.hasOwn(options.functions, functionName))
        return failed("ResourceNotFoundException", `Function not found: ${functionName}`);
      if (isStopping) return failed("ServiceException", "The runner is stopping.");
      const { bytes, ...written } = writeEvent(event);
      if (bytes <= payloadBytesMax) return await invoke(lambda, written, delay);
      const message = `Request must be smaller than ${payloadBytesMax} bytes`;
      return failed("RequestTooLargeException", message);
    },
    counts: () =>
      Object.fromEntries(
        [...pools].map(([name, pool]) => [name, countOf(pool, fleet.countLoaded(pool.lambda))]),
      ),
    threads: fleet.size,
    freeze: fleet.freeze,
    async stop(milliseconds) {
      const end = Date.now() + milliseconds;
      const isBusy = () => [...pools.values()].some((pool) => pool.running.length > 0);
      while (isBusy() && Date.now() < end) await new Promise((done) => setTimeout(done, 10));
      isStopping = true;
      growth.stop();
      for (const pool of pools.values())
        for (const { done } of pool.waiting.splice(0))
          done(failed("ServiceException", "Stopping."));
      await fleet.end();
    },
  };
}

/** An event as JSON, and its length with its body. */
function writeEvent(event: unknown): WrittenEvent & { bytes: number } {
  const body = (event as { body?: unknown } | undefined)?.body;
  if (!(body instanceof BodyBytes)) {
    const text = JSON.stringify(event);
    return { text, bytes: Buffer.byteLength(text) };
  }
  const text = JSON.stringify({ ...(event as object), body: "" });
  const { bytes, encoding } = body;
  return { text, body: { bytes, encoding }, bytes: Buffer.byteLength(text) + body.textBytes };
}

const countOf = (pool: Pool, sharedIdle: number): FunctionCounts => ({
  workers: pool.idle.length + new Set(pool.running).size + sharedIdle,
  running: pool.running.length,
  waiting: pool.waiting.length,
  invoked: pool.invoked,
});

/** Checks regularly, while events wait, whether a function needs an additional worker. */
function createGrowth(
  pools: ReadonlyMap<string, Pool>,
  {
    mayRun,
    runNext,
    start,
  }: {
    mayRun(pool: Pool): boolean;
    runNext(pool: Pool): void;
    start(pool: Pool, next: Waiting): void;
  },
): { look(): void; stop(): void } {
  const idleShare = watchIdleShare();
  let timer: NodeJS.Timeout | undefined;
  let grownAt = 0;

  /**
   * On idle processors each function grows on its own; on busy ones all functions share one limit.
   */
  function grow(pool: Pool, isIdle: boolean): void {
    const now = performance.now();
    const next = pool.waiting[0];
    if (next === undefined || !mayRun(pool)) return;
    const pauseMilliseconds = isIdle ? growMilliseconds.idle : growMilliseconds.busy;
    const before = isIdle ? pool.grownAt : grownAt;
    if (now - Math.max(next.since, before) < pauseMilliseconds) return;
    pool.grownAt = now;
    grownAt = now;
    pool.waiting.shift();
    start(pool, next);
  }

  function look(): void {
    if (timer !== undefined) return;
    // Idle time from before the events arrived says nothing about the present.
    idleShare();
    timer = setTimeout(() => {
      timer = undefined;
      const isIdle = idleShare() > idleShareMin;
      for (const pool of listWaiting(pools.values())) {
        runNext(pool);
        grow(pool, isIdle);
      }
      if ([...pools.values()].some((pool) => pool.waiting.length > 0)) look();
    }, growMilliseconds.idle);
  }

  return { look, stop: () => clearTimeout(timer) };
}

function failed(errorType: string, errorMessage: string): InvocationResult {
  return { ok: false, error: { errorType, errorMessage } };
}
