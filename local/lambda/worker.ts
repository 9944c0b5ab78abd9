import { Worker } from "node:worker_threads";
import type { CallAnswer, DoCalls, InvocationResult, LambdaFunction } from "../model.ts";
import { type Sleep, watchSleep } from "./sleep.ts";
import { createAnswers } from "./thread-calls.ts";
import { findThreadSource } from "./thread-source.ts";
import type { EventMessage, LoadMessage, WorkerData, WorkerMessage } from "./worker-thread.ts";

/** Lambda's bound on an answer. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const payloadBytesMax = 6 * 1024 * 1024;
/** Lambda gives a function this long to load before its first event. */
const loadMillisecondsMax = 10_000;

/**
 * The young generation's part of a worker's memory. Small, since there are many workers; in a
 * function with much memory a small one would be collected again and again while it posts.
 */
const youngShare = 64;

/** A function as a worker runs it: with its whole environment. */
export type WorkerFunction = {
  lambda: LambdaFunction;
  environment: Record<string, string>;
  /** The local AWS endpoint, for a function that may post to connections. */
  postOrigin?: string;
};

/** One thread: it runs one event at a time, of any function that it holds or is to load for it. */
export type FunctionWorker = {
  /** Runs one event, given as JSON text. Call it only while the worker is idle. */
  run(of: WorkerFunction, requestId: string, event: string): Promise<InvocationResult>;
  /** Whether the function is loaded, from the bundle that it has now. */
  holds(lambda: LambdaFunction): boolean;
  /** How many bundles were loaded, those that were replaced since included. */
  bundles(): number;
  /** Whether its event waits for something outside and takes no processor. */
  isAsleep(): boolean;
  /** Ends the thread; a running event ends with an error. */
  end(): Promise<void>;
  /** Whether the thread has ended, by itself or by `end`. */
  ended(): boolean;
  idleSince: number;
};

type WorkerOptions = {
  /** Beyond this the thread dies with Runtime.OutOfMemory. */
  memoryMegabytes: number;
  cacheDirectory?: string;
  /** Not 0 while workers are frozen between two events. */
  frozen: Int32Array;
  /** Does the calls of AWS that come from thread to thread. */
  doCalls?: DoCalls | undefined;
  /** Takes each line that a function writes, and each error that it ends with. */
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
};

/** How something that the thread was given has ended. */
type Outcome = { result: InvocationResult; stack?: string };

/** A thread and what it is at; `settle` is there while it is at something. */
type Thread = {
  worker: Worker;
  given: Int32Array;
  /** Each function that is loaded, with the folder of its bundle. */
  held: Map<string, string>;
  settle?: ((outcome: Outcome) => void) | undefined;
  /** What ended it: everything that it is given ends so from then on. */
  death?: Outcome;
};

/** Starts a thread, which holds no function yet. */
export function startWorker(options: WorkerOptions): FunctionWorker {
  const thread = startThread(options);
  const { worker, held } = thread;
  let bundles = 0;
  const sleep = watchSleep(worker);
  listen(thread, options, sleep);

  const holds = ({ name, directory }: LambdaFunction) => held.get(name) === directory;

  async function run(of: WorkerFunction, requestId: string, event: string): Promise<Outcome> {
    const { name, timeoutSeconds, directory } = of.lambda;
    // A replaced bundle is loaded again; the old one stays in memory.
    if (!holds(of.lambda)) {
      bundles++;
      const late = "The function did not load within 10 seconds";
      const loading = await give(thread, writeLoad(of), loadMillisecondsMax, late);
      if (!loading.result.ok) return loading;
      held.set(name, directory);
    }
    const limit = timeoutSeconds * 1000;
    const deadline = Date.now() + limit;
    const late = `${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
    return give(thread, { kind: "event", name, requestId, event, deadline }, limit, late);
  }

  return {
    idleSince: Date.now(),
    holds,
    bundles: () => bundles,
    ended: () => thread.death !== undefined,
    isAsleep: sleep.isAsleep,
    async end() {
      await worker.terminate();
    },
    async run(of, requestId, event) {
      sleep.begin();
      const { result, stack } = await run(of, requestId, event);
      // An authorizer denies access by throwing exactly this; it is not a failure.
      if (!result.ok && result.error.errorMessage !== "Unauthorized")
        options.line(of.lambda.name, stack ?? result.error.errorMessage, "stderr");
      return result;
    },
  };
}

function startThread({ memoryMegabytes, cacheDirectory, frozen, doCalls }: WorkerOptions): Thread {
  const given = sharedCell();
  const workerData: WorkerData = {
    ...(cacheDirectory && { cacheDirectory }),
    hasCalls: doCalls !== undefined,
    frozen,
    given,
  };
  const worker = new Worker(findThreadSource(), {
    workerData,
    env: {},
    // What functions write comes as messages.
    stdout: true,
    stderr: true,
    execArgv: [],
    resourceLimits: {
      maxOldGenerationSizeMb: memoryMegabytes,
      maxYoungGenerationSizeMb: Math.max(4, memoryMegabytes / youngShare),
    },
  });
  worker.unref();
  for (const stream of [worker.stdout, worker.stderr]) stream.resume();
  return { worker, given, held: new Map() };
}

function listen(thread: Thread, { doCalls, line }: WorkerOptions, sleep: Sleep): void {
  const { worker } = thread;
  const answer = createAnswers((message) => worker.postMessage(message));
  const isGone = () => thread.death !== undefined;
  worker.on("message", (message: WorkerMessage) => {
    if (message.kind === "line") line(message.name, message.text, message.stream);
    else if (message.kind === "calls") {
      sleep.asks(message.calls.length);
      const done = (at: number, said: CallAnswer) => {
        sleep.answered();
        answer(message.first + at, said);
      };
      doCalls?.(message.calls, done, isGone);
    } else if (message.kind === "error" && message.errorType === "Runtime.ImportModuleError") {
      die(thread, failed(message.errorType, message.errorMessage, message.stack));
      void worker.terminate();
    } else finish(thread, readOutcome(message));
  });
  worker.on("error", (error: Error & { code?: string }) => {
    const isFull = error.code === "ERR_WORKER_OUT_OF_MEMORY";
    // What is thrown outside an event kills a sandbox on Lambda too.
    const errorType = isFull ? "Runtime.OutOfMemory" : "Runtime.UnhandledError";
    die(thread, failed(errorType, error.message, error.stack));
  });
  worker.on("exit", (code) => {
    die(thread, failed("Runtime.ExitError", `The function's process ended with code ${code}`));
  });
}

/** Gives the thread something to do. When it takes longer than it may, it ends with the thread. */
async function give(
  thread: Thread,
  message: LoadMessage | EventMessage,
  milliseconds: number,
  late: string,
): Promise<Outcome> {
  if (thread.death !== undefined) return thread.death;
  const done = new Promise<Outcome>((resolve) => {
    thread.settle = resolve;
  });
  const timer = setTimeout(() => {
    die(thread, failed("Sandbox.Timedout", late));
    void thread.worker.terminate();
  }, milliseconds);
  // Counted before it is there: a worker that has answered by now would else not stand still.
  Atomics.add(thread.given, 0, 1);
  thread.worker.postMessage(message);
  Atomics.notify(thread.given, 0);
  const outcome = await done;
  clearTimeout(timer);
  return outcome;
}

function finish(thread: Thread, outcome: Outcome): void {
  const { settle } = thread;
  thread.settle = undefined;
  settle?.(outcome);
}

function die(thread: Thread, outcome: Outcome): void {
  thread.death ??= outcome;
  finish(thread, thread.death);
}

function writeLoad({ lambda, environment, postOrigin }: WorkerFunction): LoadMessage {
  const { name, arn, directory, handler, memoryMegabytes } = lambda;
  const load = { name, arn, directory, handler, memoryMegabytes, environment };
  return { kind: "load", ...load, ...(postOrigin && { postOrigin }) };
}

/** A number that several threads see. */
export const sharedCell = () => new Int32Array(new SharedArrayBuffer(4));

function failed(errorType: string, errorMessage: string, stack?: string): Outcome {
  return { result: { ok: false, error: { errorType, errorMessage } }, ...(stack && { stack }) };
}

function readOutcome(message: Extract<WorkerMessage, { kind: "loaded" | "answer" | "error" }>) {
  if (message.kind === "error")
    return failed(message.errorType, message.errorMessage, message.stack);
  const payload = message.kind === "answer" ? message.payload : undefined;
  if (payload === undefined) return { result: { ok: true, payload: null } } as const;
  if (Buffer.byteLength(payload) > payloadBytesMax)
    return failed(
      "Function.ResponseSizeTooLarge",
      `Response payload size exceeded maximum allowed payload size (${payloadBytesMax} bytes).`,
    );
  return { result: { ok: true, payload: JSON.parse(payload) } } as const;
}
