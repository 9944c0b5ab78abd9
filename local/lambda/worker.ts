/** One worker thread of one function: started when needed, one event at a time, then idle. */
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { InvocationResult, LambdaFunction } from "../model.ts";
import type { WorkerData, WorkerEvent, WorkerMessage } from "./worker-thread.ts";

/** Lambda's bound on an answer. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const payloadBytesMax = 6 * 1024 * 1024;
/** Lambda gives a function this long to load before its first event. */
const loadMillisecondsMax = 10_000;

/**
 * The young generation's part of a function's memory. Small, since there are many workers; in a
 * function with much memory a small one would be collected again and again while it posts.
 */
const youngShare = 64;

export type FunctionWorker = {
  /** Runs one event, given as JSON text. Call it only while the worker is idle. */
  run(requestId: string, event: string): Promise<InvocationResult>;
  /** Ends the thread; a running event ends with an error. */
  end(): Promise<void>;
  /** Whether the thread has ended, by itself or by `end`. */
  ended(): boolean;
  idleSince: number;
};

type WorkerOptions = {
  environment: Record<string, string>;
  cacheDirectory?: string;
  /** Not 0 while workers are frozen between two events. */
  frozen: Int32Array;
  /** Takes each line that the function writes. */
  line(text: string, stream: "stdout" | "stderr"): void;
};

type Outcome = { result: InvocationResult; stack?: string };

/** Starts a thread for a function. The thread loads its bundle at once. */
export function startWorker(lambda: LambdaFunction, options: WorkerOptions): FunctionWorker {
  const given = sharedCell();
  const workerData: WorkerData = {
    name: lambda.name,
    arn: lambda.arn,
    directory: lambda.directory,
    handler: lambda.handler,
    memoryMegabytes: lambda.memoryMegabytes,
    ...(options.cacheDirectory && { cacheDirectory: options.cacheDirectory }),
    frozen: options.frozen,
    given,
  };
  const worker = new Worker(findThreadSource(), {
    name: lambda.name,
    workerData,
    env: options.environment,
    stdout: true,
    stderr: true,
    execArgv: [],
    resourceLimits: {
      maxOldGenerationSizeMb: lambda.memoryMegabytes,
      maxYoungGenerationSizeMb: Math.max(4, lambda.memoryMegabytes / youngShare),
    },
  });
  worker.unref();
  for (const stream of ["stdout", "stderr"] as const) {
    let rest = "";
    worker[stream].setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") options.line(line, stream);
    });
  }
  let isEnded = false;
  let settle: ((outcome: Outcome) => void) | undefined;
  let failure: InvocationResult | undefined;
  const finish = (outcome: Outcome) => {
    const waiting = settle;
    settle = undefined;
    waiting?.(outcome);
  };
  let announceLoaded: () => void = () => undefined;
  const loaded = new Promise<void>((resolve) => {
    announceLoaded = resolve;
  });
  const die = (errorType: string, errorMessage: string, stack?: string) => {
    isEnded = true;
    failure ??= failed(errorType, errorMessage);
    announceLoaded();
    finish({ result: failure, ...(stack && { stack }) });
  };
  const loading = setTimeout(() => {
    die("Sandbox.Timedout", "The function did not load within 10 seconds");
    void worker.terminate();
  }, loadMillisecondsMax);
  loading.unref();
  worker.on("message", (message: WorkerMessage) => {
    if (message.kind === "ready") {
      clearTimeout(loading);
      announceLoaded();
    } else if (message.kind === "answer") {
      finish({ result: readAnswer(message.payload) });
    } else {
      const { errorType, errorMessage, stack } = message;
      if (errorType === "Runtime.ImportModuleError") {
        clearTimeout(loading);
        die(errorType, errorMessage, stack);
        void worker.terminate();
      } else finish({ result: failed(errorType, errorMessage), ...(stack && { stack }) });
    }
  });
  worker.on("error", (error: Error & { code?: string }) => {
    clearTimeout(loading);
    // What is thrown outside an event kills a sandbox on Lambda too.
    die(
      error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "Runtime.OutOfMemory" : "Runtime.UnhandledError",
      error.message,
      error.stack,
    );
  });
  worker.on("exit", (code) => {
    clearTimeout(loading);
    die("Runtime.ExitError", `The function's process ended with code ${code}`);
  });

  return {
    idleSince: Date.now(),
    ended: () => isEnded,
    async end() {
      await worker.terminate();
    },
    async run(requestId, event) {
      await loaded;
      if (failure !== undefined) return failure;
      const limit = lambda.timeoutSeconds * 1000;
      const done = new Promise<Outcome>((resolve) => {
        settle = resolve;
      });
      const timer = setTimeout(() => {
        const seconds = lambda.timeoutSeconds.toFixed(2);
        die("Sandbox.Timedout", `${requestId} Error: Task timed out after ${seconds} seconds`);
        void worker.terminate();
      }, limit);
      const message: WorkerEvent = { requestId, event, deadline: Date.now() + limit };
      // Counted before it is there: a worker that has answered by now would else not stand still.
      Atomics.add(given, 0, 1);
      worker.postMessage(message);
      Atomics.notify(given, 0);
      const { result, stack } = await done;
      clearTimeout(timer);
      // An authorizer says no by throwing exactly this; whoever called hears it: it is no fault.
      if (!result.ok && result.error.errorMessage !== "Unauthorized")
        options.line(stack ?? result.error.errorMessage, "stderr");
      return result;
    },
  };
}

/** A number that several threads see. */
export const sharedCell = () => new Int32Array(new SharedArrayBuffer(4));

let threadSource: URL | undefined;

/**
 * The thread's source as plain JavaScript, made once: a thread that strips types itself needs 10 MB
 * more and starts a fifth later.
 */
function findThreadSource(): URL {
  if (threadSource) return threadSource;
  const source = readFileSync(join(import.meta.dirname, "worker-thread.ts"), "utf8");
  const { emitWarning } = process;
  // Node warns that this function is new; what it does here is what Node does with every import.
  process.emitWarning = () => undefined;
  try {
    const plain = stripTypeScriptTypes(source);
    threadSource = new URL(`data:text/javascript;charset=utf-8,${encodeURIComponent(plain)}`);
    return threadSource;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function failed(errorType: string, errorMessage: string): InvocationResult {
  return { ok: false, error: { errorType, errorMessage } };
}

function readAnswer(payload: string | undefined): InvocationResult {
  if (payload === undefined) return { ok: true, payload: null };
  if (Buffer.byteLength(payload) > payloadBytesMax) {
    return failed(
      "Function.ResponseSizeTooLarge",
      `Response payload size exceeded maximum allowed payload size (${payloadBytesMax} bytes).`,
    );
  }
  return { ok: true, payload: JSON.parse(payload) };
}
