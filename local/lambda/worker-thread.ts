import { enableCompileCache, flushCompileCache } from "node:module";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { type AnswersMessage, type CallsMessage, createCalls } from "./thread-calls.ts";
import { placeDispatcher } from "./thread-dispatcher.ts";
import { type Handler, loadHandler } from "./thread-handler.ts";
import { type LineMessage, separateFunctions } from "./thread-scope.ts";
import { placeTransport } from "./thread-transport.ts";

/** What a worker is started with. */
export type WorkerData = {
  cacheDirectory?: string;
  /** Whether calls of AWS may go from thread to thread. */
  hasCalls: boolean;
  /** Not 0 while workers are frozen between two events; one cell for all workers. */
  frozen: Int32Array;
  /** How many messages that ask for an answer this worker was given. */
  given: Int32Array;
};

/** A function that a worker is to load. */
export type LoadMessage = {
  kind: "load";
  name: string;
  arn: string;
  directory: string;
  handler: string;
  memoryMegabytes: number;
  environment: Record<string, string>;
  /** The local AWS endpoint, if posts to it go from thread to thread. */
  postOrigin?: string;
};
/** An event of a function that is loaded. `deadline` is in epoch milliseconds. */
export type EventMessage = {
  kind: "event";
  name: string;
  requestId: string;
  event: string;
  deadline: number;
};
/** What a worker says: what it writes and wants of AWS, and how what it was given has ended. */
export type WorkerMessage =
  | LineMessage
  | CallsMessage
  | { kind: "loaded" }
  | { kind: "answer"; payload: string | undefined }
  | { kind: "error"; errorType: string; errorMessage: string; stack?: string };

type Loaded = LoadMessage & { handle: Handler };

if (parentPort !== null) serve(parentPort, workerData as WorkerData);

/**
 * The inside of one worker: loads the bundles of its functions, each once, and answers one event at
 * a time, as Lambda's Node runtime does. Events and answers cross as JSON text, as they do there.
 */
function serve(port: MessagePort, data: WorkerData): void {
  const say = (message: WorkerMessage) => port.postMessage(message);
  const calls = createCalls(say);
  const scopes = separateFunctions(say);
  const loaded = new Map<string, Loaded>();
  const isFrozen = () => Atomics.load(data.frozen, 0) !== 0;
  // While environments are frozen between two events calls take their sockets: it is those that
  // suffer from it.
  const way = { send: calls.send, isClosed: isFrozen };
  let posts = false;
  let taken = 0;
  if (data.cacheDirectory) enableCompileCache(data.cacheDirectory);
  if (data.hasCalls) placeTransport(way);

  async function load(wanted: LoadMessage): Promise<WorkerMessage> {
    if (wanted.postOrigin !== undefined && !posts) {
      placeDispatcher({ ...way, origin: wanted.postOrigin });
      posts = true;
    }
    try {
      loaded.set(wanted.name, { ...wanted, handle: await loadHandler(wanted) });
    } catch (error) {
      return describe(error, "Runtime.ImportModuleError");
    }
    // A worker is ended without notice, so what was compiled is kept at once.
    if (data.cacheDirectory) flushCompileCache();
    return { kind: "loaded" };
  }

  /**
   * As Lambda freezes an environment between two events: no timer runs and nothing that arrives on
   * a socket is seen, until there is another event than those which were taken.
   */
  function freeze(): void {
    // Who told of the event just answered may wake it as late as this, so it looks again.
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

/** Runs one event. Never rejects: what the handler throws is an answer. */
async function answer(
  loaded: ReadonlyMap<string, Loaded>,
  { name, requestId, event, deadline }: EventMessage,
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
    return { kind: "answer", payload: JSON.stringify(await handle(JSON.parse(event), context)) };
  } catch (error) {
    return describe(error);
  }
}

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
