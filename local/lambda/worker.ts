import { Worker } from "node:worker_threads";
import { ownBufferOf } from "../body-bytes.ts";
import type { CallAnswer, InvocationResult, LambdaFunction, PerformCalls } from "../model.ts";
import { type IoWait, watchIoWait } from "./io-wait.ts";
import { failed, type Outcome, readOutcome } from "./outcome.ts";
import type { WrittenEvent } from "./thread-body.ts";
import { type AnswersMessage, createAnswers } from "./thread-calls.ts";
import { findThreadSource } from "./thread-source.ts";
import type { EventMessage, LoadMessage, WorkerData, WorkerMessage } from "./worker-thread.ts";

/** Lambda's time limit for loading a function before its first event. */
const loadMillisecondsMax = 10_000;

/**
 * The young generation's share of a worker's memory. Small because there are many workers;
 * functions with much memory get more, or they would collect garbage constantly while they post.
 */
const youngShare = 64;

/** A function with its complete environment, ready to run. */
export type WorkerFunction = {
  lambda: LambdaFunction;
  environment: Record<string, string>;
};

/** Limit of events in one thread, each with an environment of about 1.5 MB (a thread: 16 MB). */
const eventsMax = 32;

/**
 * One thread, which runs events of any function and loads functions on demand. It takes an event
 * while its others wait for I/O.
 */
export type FunctionWorker = {
  /** Runs one event. Call it only while `isFree`. */
  run(of: WorkerFunction, requestId: string, event: WrittenEvent): Promise<InvocationResult>;
  /** Whether the function is loaded, from the bundle that it has now. */
  holds(lambda: LambdaFunction): boolean;
  /** The number of bundles loaded so far, replaced ones included. */
  bundles(): number;
  /** The number of its events. */
  events(): number;
  /** Whether all of its events wait for I/O and use no processor. */
  isBlocked(): boolean;
  /** Whether it may run another event. */
  isFree(): boolean;
  /** Ends the thread; a running event fails. */
  end(): Promise<void>;
  /** Whether the thread has ended, or ends with its last event. */
  ended(): boolean;
  /** By `performance.now`. */
  idleSince: number;
};

type WorkerOptions = {
  /** Beyond this the thread dies with Runtime.OutOfMemory. */
  memoryMegabytes: number;
  /** Not 0 while workers freeze between events. */
  frozen: Int32Array;
  /** Performs AWS calls that are sent as thread messages. */
  doCalls?: PerformCalls | undefined;
  /** Receives each log line of a function, and the stack of each error. */
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
};

/** A thread, and its tasks by number, each with the function that receives its outcome. */
type Thread = {
  worker: Worker;
  given: Int32Array;
  received: Int32Array;
  /** The number of messages sent to it. */
  sent: number;
  /** Loaded functions with the folders of their bundles. */
  held: Map<string, string>;
  tasks: Map<number, (outcome: Outcome) => void>;
  lastTask: number;
  /** Whether it gets no more events, and ends with its last one. */
  isEnding: boolean;
  /** Why the thread has ended; every later task gets this outcome. */
  death?: Outcome;
};

/** Starts a thread that has loaded no function yet. */
export function startWorker(options: WorkerOptions): FunctionWorker {
  const thread = startThread(options);
  const { worker, held } = thread;
  let bundles = 0;
  let events = 0;
  const ioWait = watchIoWait(worker, () => Atomics.load(thread.received, 0) !== thread.sent);
  listen(thread, options, ioWait);

  const holds = ({ name, directory }: LambdaFunction) => held.get(name) === directory;

  async function run(of: WorkerFunction, requestId: string, event: WrittenEvent): Promise<Outcome> {
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
    const { text, body } = event;
    const given = { name, requestId, event: text, ...(body && { body }), deadline };
    return give(thread, { kind: "event" as const, ...given }, limit, late);
  }

  return {
    idleSince: performance.now(),
    holds,
    bundles: () => bundles,
    ended: () => thread.isEnding || thread.death !== undefined,
    events: () => events,
    isBlocked: ioWait.isBlocked,
    isFree: () => events === 0 || (events < eventsMax && ioWait.isBlocked()),
    async end() {
      await worker.terminate();
    },
    async run(of, requestId, event) {
      ioWait.begin(events === 0);
      events++;
      const { result, stack } = await run(of, requestId, event);
      events--;
      if (thread.isEnding && events === 0) void worker.terminate();
      // An authorizer denies access by throwing exactly this; it is not a failure.
      if (!result.ok && result.error.errorMessage !== "Unauthorized")
        options.line(of.lambda.name, stack ?? result.error.errorMessage, "stderr");
      return result;
    },
  };
}

function startThread({ memoryMegabytes, frozen, doCalls }: WorkerOptions): Thread {
  const [given, received] = [sharedCell(), sharedCell()];
  const workerData: WorkerData = {
    hasCalls: doCalls !== undefined,
    frozen,
    given,
    received,
  };
  const worker = new Worker(findThreadSource(), {
    workerData,
    env: {},
    // Functions' output arrives as messages instead.
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
  const counters = { given, received, sent: 0, lastTask: 0 };
  return { worker, ...counters, held: new Map(), tasks: new Map(), isEnding: false };
}

function listen(thread: Thread, { doCalls, line }: WorkerOptions, ioWait: IoWait): void {
  const { worker } = thread;
  const answer = createAnswers((message) => send(thread, message, buffersIn(message)));
  const isGone = () => thread.death !== undefined;
  worker.on("message", (message: WorkerMessage) => {
    if (message.kind === "line") line(message.name, message.text, message.stream);
    else if (message.kind === "calls") {
      ioWait.asks(message.calls.length);
      const done = (at: number, said: CallAnswer) => {
        ioWait.answered();
        answer(message.first + at, said);
      };
      doCalls?.(message.calls, done, isGone);
    } else {
      // As on Lambda, an environment whose code does not load ends.
      if (message.kind === "error" && message.errorType === "Runtime.ImportModuleError")
        thread.isEnding = true;
      finish(thread, message.task, readOutcome(message));
    }
  });
  worker.on("error", (error: Error & { code?: string }) => {
    const isFull = error.code === "ERR_WORKER_OUT_OF_MEMORY";
    // An error outside an event kills an environment on Lambda, too.
    const errorType = isFull ? "Runtime.OutOfMemory" : "Runtime.UnhandledError";
    die(thread, failed(errorType, error.message, error.stack));
  });
  worker.on("exit", (code) => {
    die(thread, failed("Runtime.ExitError", `The function's process ended with code ${code}`));
  });
}

type Task = Omit<LoadMessage, "task"> | Omit<EventMessage, "task">;

/**
 * Gives the thread a task. If the task takes too long, the thread gets no more events and ends with
 * its last one.
 */
async function give(thread: Thread, given: Task, limit: number, late: string): Promise<Outcome> {
  if (thread.death !== undefined) return thread.death;
  const task = ++thread.lastTask;
  const message: LoadMessage | EventMessage = { ...given, task };
  const done = new Promise<Outcome>((resolve) => {
    thread.tasks.set(task, resolve);
  });
  const timer = setTimeout(() => {
    thread.isEnding = true;
    finish(thread, task, failed("Sandbox.Timedout", late));
  }, limit);
  // Count before sending: a worker that answered at once would freeze too late otherwise.
  Atomics.add(thread.given, 0, 1);
  send(thread, message, ownedBy(message));
  Atomics.notify(thread.given, 0);
  const outcome = await done;
  clearTimeout(timer);
  return outcome;
}

function send(thread: Thread, message: unknown, owned: ArrayBuffer[]): void {
  // Like the shared number, it wraps around after 2,147,483,647.
  thread.sent = (thread.sent + 1) | 0;
  thread.worker.postMessage(message, owned);
}

/** The body of an event, which is transferred, because it is not used here afterwards. */
const ownedBy = (message: LoadMessage | EventMessage): ArrayBuffer[] =>
  message.kind === "event" && message.body ? ownBufferOf(message.body.bytes) : [];

/** Large bodies in responses to a thread's calls, which are transferred too. */
const buffersIn = ({ answers }: AnswersMessage): ArrayBuffer[] =>
  answers.flatMap(([, answer]) =>
    answer === "lost" || typeof answer.body === "string" ? [] : ownBufferOf(answer.body),
  );

function finish(thread: Thread, task: number, outcome: Outcome): void {
  const settle = thread.tasks.get(task);
  thread.tasks.delete(task);
  settle?.(outcome);
}

function die(thread: Thread, outcome: Outcome): void {
  thread.death ??= outcome;
  for (const task of thread.tasks.keys()) finish(thread, task, outcome);
}

function writeLoad({ lambda, environment }: WorkerFunction): Omit<LoadMessage, "task"> {
  const { name, arn, directory, handler, memoryMegabytes } = lambda;
  return { kind: "load", name, arn, directory, handler, memoryMegabytes, environment };
}

/** A number in shared memory. */
export const sharedCell = () => new Int32Array(new SharedArrayBuffer(4));
