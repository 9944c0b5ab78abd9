/**
 * The inside of one worker: loads a function's bundle once and answers one event at a time, as
 * Lambda's Node runtime does. Events and answers cross as JSON text, as they do there.
 */
import { existsSync } from "node:fs";
import { createRequire, enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

/** What a worker is started with. */
export type WorkerData = {
  name: string;
  arn: string;
  directory: string;
  handler: string;
  memoryMegabytes: number;
  cacheDirectory?: string;
  /** Not 0 while workers are frozen between two events; one cell for all workers. */
  frozen: Int32Array;
  /** How many events this worker was given. */
  given: Int32Array;
};
/** An event on its way in. `deadline` is in epoch milliseconds. */
export type WorkerEvent = { requestId: string; event: string; deadline: number };
/** What a worker says: that it is loaded, or how an event ended. */
export type WorkerMessage =
  | { kind: "ready" }
  | { kind: "answer"; payload: string | undefined }
  | { kind: "error"; errorType: string; errorMessage: string; stack?: string };

type Handler = (event: unknown, context: unknown) => unknown;

if (parentPort !== null) {
  const port = parentPort;
  const data = workerData as WorkerData;
  const say = (message: WorkerMessage) => port.postMessage(message);
  try {
    if (data.cacheDirectory) enableCompileCache(data.cacheDirectory);
    const handler = await loadHandler(data);
    let taken = 0;
    port.on("message", ({ requestId, event, deadline }: WorkerEvent) => {
      taken += 1;
      void answer(handler, data, JSON.parse(event), requestId, deadline)
        .then(say, (error: unknown) => say(describe(error)))
        .then(() => setImmediate(freeze, data, taken));
    });
    say({ kind: "ready" });
    // A worker is ended without notice, so what was compiled is kept at once.
    if (data.cacheDirectory) flushCompileCache();
  } catch (error) {
    say(describe(error, "Runtime.ImportModuleError"));
  }
}

/**
 * As Lambda freezes an environment between two events: no timer runs and nothing that arrives on a
 * socket is seen, until there is another event than those which were taken.
 */
function freeze({ frozen, given }: WorkerData, taken: number): void {
  // Who told of the event just answered may wake it as late as this, so it looks again.
  while (Atomics.load(frozen, 0) !== 0 && Atomics.load(given, 0) === taken) {
    Atomics.wait(given, 0, taken);
  }
}

async function answer(
  handler: Handler,
  data: WorkerData,
  event: unknown,
  requestId: string,
  deadline: number,
): Promise<WorkerMessage> {
  const context = {
    awsRequestId: requestId,
    functionName: data.name,
    functionVersion: "$LATEST",
    invokedFunctionArn: data.arn,
    memoryLimitInMB: String(data.memoryMegabytes),
    logGroupName: `/aws/lambda/${data.name}`,
    logStreamName: "local",
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  const result = await handler(event, context);
  return { kind: "answer", payload: JSON.stringify(result) };
}

async function loadHandler({ directory, handler }: WorkerData): Promise<Handler> {
  const dot = handler.lastIndexOf(".");
  const base = join(directory, handler.slice(0, dot));
  const file = [".cjs", ".js", ".mjs"].map((end) => base + end).find((path) => existsSync(path));
  if (file === undefined) throw new Error(`Cannot find module '${handler}' in ${directory}`);
  const module = (
    file.endsWith(".mjs")
      ? await import(pathToFileURL(file).href)
      : createRequire(pathToFileURL(file))(file)
  ) as Record<string, unknown>;
  const found = module[handler.slice(dot + 1)];
  if (typeof found !== "function") throw new Error(`${handler} is undefined or not exported`);
  if (found.length > 2) {
    // Node 24's runtime refuses callbacks, so a bundle with one has to fail here already.
    throw new TypeError("Callback-based handlers are not supported by Lambda's Node.js 24 runtime");
  }
  return found as Handler;
}

function describe(error: unknown, errorType?: string): WorkerMessage {
  if (!(error instanceof Error)) {
    return { kind: "error", errorType: errorType ?? typeof error, errorMessage: String(error) };
  }
  return {
    kind: "error",
    errorType: errorType ?? error.name,
    errorMessage: error.message,
    ...(error.stack && { stack: error.stack }),
  };
}
