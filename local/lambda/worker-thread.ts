import { enableCompileCache, flushCompileCache } from "node:module";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { LargeBody } from "../body-bytes.ts";
import { readEvent, type WrittenAnswer, writeAnswer } from "./thread-body.ts";
import { type AnswersMessage, type CallsMessage, createCalls } from "./thread-calls.ts";
import { type Handler, loadHandler } from "./thread-handler.ts";
import { isolateFunctions, type LineMessage } from "./thread-scope.ts";
import { installTransport } from "./thread-transport.ts";

/** What a worker starts with. */
export type WorkerData = {
  cacheDirectory?: string;
  /** Whether AWS calls may be sent as thread messages. */
  hasCalls: boolean;
  /** Not 0 while workers freeze between events; one cell for all workers. */
  frozen: Int32Array;
  /** The number of messages to this worker that expect a result. */
  given: Int32Array;
};

/** Asks a worker to load a function. */
export type LoadMessage = {
  kind: "load";
  name: string;
  arn: string;
  directory: string;
  handler: string;
  memoryMegabytes: number;
  environment: Record<string, string>;
};
/**
 * An event of a function that is loaded, without its body if that is large. `deadline` is in epoch
 * milliseconds.
 */
export type EventMessage = {
  kind: "event";
  name: string;
  requestId: string;
  event: string;
  body?: LargeBody;
  deadline: number;
};
/** Messages from a worker: log lines, AWS calls, and the results of its tasks. */
export type WorkerMessage =
  | LineMessage
  | CallsMessage
  | { kind: "loaded" }
  | ({ kind: "answer" } & WrittenAnswer)
  | { kind: "error"; errorType: string; errorMessage: string; stack?: string };

type Loaded = LoadMessage & { handle: Handler };

if (parentPort !== null) serve(parentPort, workerData as WorkerData);

/**
 * The worker's side: loads each function's bundle once and handles one event at a time, as Lambda's
 * Node runtime does. Events and results are passed as JSON text, as on Lambda.
 */
function serve(port: MessagePort, data: WorkerData): void {
  const say = (message: WorkerMessage) =>
    port.postMessage(message, message.kind === "answer" ? ownedBy(message) : []);
  const calls = createCalls(say);
  const scopes = isolateFunctions(say);
  const loaded = new Map<string, Loaded>();
  const isFrozen = () => Atomics.load(data.frozen, 0) !== 0;
  let taken = 0;
  if (data.cacheDirectory) enableCompileCache(data.cacheDirectory);
  // While environments freeze between events, calls use sockets: freezing affects sockets, and
  // that is what the freeze is for.
  if (data.hasCalls) installTransport({ send: calls.send, isClosed: isFrozen });

  async function load(wanted: LoadMessage): Promise<WorkerMessage> {
    try {
      loaded.set(wanted.name, { ...wanted, handle: await loadHandler(wanted) });
    } catch (error) {
      return describe(error, "Runtime.ImportModuleError");
    }
    // Workers are ended without notice, so the compile cache is written at once.
    if (data.cacheDirectory) flushCompileCache();
    return { kind: "loaded" };
  }

  /**
   * Blocks the thread as Lambda freezes an environment between events: no timer runs and no socket
   * is read until there is a new event.
   */
  function freeze(): void {
    // The runner may notify late about the event that was just answered, so check again.
    while (isFrozen() && Atomics.load(data.given, 0) === taken) Atomics.wait(data.given, 0, taken);
  }

  port.on("message", (message: LoadMessage | EventMessage | AnswersMessage) => {
    if (message.kind === "answers") return calls.take(message);
    taken++;
    const scope = message.kind === "load" ? message : loaded.get(message.name)!;
    void scopes
      .run(scope, () => (message.kind === "load" ? load(message) : answer(loaded, message)))
      .then(say)
      .then(() => {
        if (message.kind === "event") setImmediate(freeze);
      });
  });
}

/** Runs one event. Never rejects: an error of the handler is a result. */
async function answer(
  loaded: ReadonlyMap<string, Loaded>,
  { name, requestId, event, body, deadline }: EventMessage,
): Promise<WorkerMessage> {
  const { handle, arn, memoryMegabytes } = loaded.get(name)!;
  const context = {
    awsRequestId: requestId,
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memoryMegabytes),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: "local",
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    return { kind: "answer", ...writeAnswer(await handle(readEvent(event, body), context)) };
  } catch (error) {
    return describe(error);
  }
}

/** The buffers that are transferred with a response instead of being copied. */
const ownedBy = ({ body }: WrittenAnswer): ArrayBuffer[] =>
  body === undefined ? [] : [body.bytes.buffer as ArrayBuffer];

function describe(error: unknown, errorType?: string): WorkerMessage {
  if (!(error instanceof Error))
    return { kind: "error", errorType: errorType ?? typeof error, errorMessage: String(error) };
  return {
    kind: "error",
    errorType: errorType ?? error.name,
    errorMessage: error.message,
    ...(error.stack && { stack: error.stack }),
  };
}
