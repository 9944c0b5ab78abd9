import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { LargeBody } from "../body-bytes.ts";
import { readEvent, type WrittenAnswer, writeAnswer } from "./thread-body.ts";
import { type AnswersMessage, type CallsMessage, createCalls } from "./thread-calls.ts";
import { type Handler, loadHandler } from "./thread-code.ts";
import { isolateFunctions, type LineMessage, type Scope } from "./thread-scope.ts";
import { installTransport } from "./thread-transport.ts";

/** What a worker starts with. */
export type WorkerData = {
  /** Whether AWS calls may be sent as thread messages. */
  hasCalls: boolean;
  /** Not 0 while workers freeze between events; one cell for all workers. */
  frozen: Int32Array;
  /** The number of messages to this worker that expect a result. */
  given: Int32Array;
  /** The number of messages that this worker has received. */
  received: Int32Array;
};

/** Asks a worker to load a function. */
export type LoadMessage = {
  kind: "load";
  task: number;
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
  task: number;
  name: string;
  requestId: string;
  event: string;
  body?: LargeBody;
  deadline: number;
};
/** Messages from a worker: log lines, AWS calls, and the results of its tasks. */
export type WorkerMessage = LineMessage | CallsMessage | (Result & { task: number });

/** The result of a task. */
type Result =
  | { kind: "loaded" }
  | ({ kind: "answer" } & WrittenAnswer)
  | { kind: "error"; errorType: string; errorMessage: string; stack?: string };

/** One copy of a function's code, for one event at a time, with its variables and `process.env`. */
type Environment = { scope: Scope; handle: Handler; keep(): void };

/** A loaded function, and how many of its events are running; `keep` writes its compiled code. */
type Loaded = { wanted: LoadMessage; idle: Environment[]; running: number; keep(): void };

if (parentPort !== null) serve(parentPort, workerData as WorkerData);

/**
 * The worker's side: loads functions' bundles and handles events. As on Lambda, an environment
 * handles one event at a time; if the worker gets an event of a function whose events all wait, it
 * loads the bundle once more. Events and results are passed as JSON text, as on Lambda.
 */
function serve(port: MessagePort, data: WorkerData): void {
  const say = (message: WorkerMessage) =>
    port.postMessage(message, message.kind === "answer" ? ownedBy(message) : []);
  const calls = createCalls(say);
  const scopes = isolateFunctions(say);
  const loaded = new Map<string, Loaded>();
  const isFrozen = () => Atomics.load(data.frozen, 0) !== 0;
  let taken = 0;
  let running = 0;
  // While environments freeze between events, calls use sockets, because the freeze exists to show
  // what happens to sockets.
  if (data.hasCalls) installTransport({ send: calls.send, isClosed: isFrozen });

  function open({ name, environment, ...bundle }: LoadMessage): Environment {
    const scope = { name, environment: { ...environment } };
    return { scope, ...scopes.run(scope, () => loadHandler(bundle)) };
  }

  function load(wanted: LoadMessage): Result {
    const first = open(wanted);
    loaded.set(wanted.name, { wanted, idle: [first], running: 0, keep: first.keep });
    return { kind: "loaded" };
  }

  async function runEvent(message: EventMessage): Promise<Result> {
    const own = loaded.get(message.name)!;
    own.running++;
    try {
      const environment = own.idle.pop() ?? open(own.wanted);
      const { scope, handle } = environment;
      const result = await scopes.run(scope, () => answer(own.wanted, handle, message));
      // When the last of several events ends, one environment stays: the others only take memory.
      own.idle = own.running === 1 ? [environment] : [...own.idle, environment];
      return result;
    } finally {
      own.running--;
    }
  }

  /** Performs a task. Never rejects: code that cannot be loaded is a result. */
  async function perform(message: LoadMessage | EventMessage): Promise<Result> {
    running++;
    try {
      return await (message.kind === "load" ? load(message) : runEvent(message));
    } catch (error) {
      return describe(error, "Runtime.ImportModuleError");
    } finally {
      running--;
    }
  }

  /**
   * Blocks the thread as Lambda freezes an environment between events: no timer runs and no socket
   * is read until there is a new event.
   */
  function freeze(): void {
    // The runner may notify late about the event that was just answered, so check again.
    while (running === 0 && isFrozen() && Atomics.load(data.given, 0) === taken)
      Atomics.wait(data.given, 0, taken);
  }

  port.on("message", (message: LoadMessage | EventMessage | AnswersMessage) => {
    Atomics.add(data.received, 0, 1);
    if (message.kind === "answers") return calls.take(message);
    taken++;
    void perform(message)
      .then((result) => say({ ...result, task: message.task }))
      .then(() => {
        if (message.kind !== "event") return;
        // Workers are ended without notice, so the code is written after the first event.
        loaded.get(message.name)?.keep();
        setImmediate(freeze);
      });
  });
}

/** Runs one event. Never rejects: an error of the handler is a result. */
async function answer(
  { arn, memoryMegabytes }: LoadMessage,
  handle: Handler,
  { name, requestId, event, body, deadline }: EventMessage,
): Promise<Result> {
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

function describe(error: unknown, errorType?: string): Result {
  if (!(error instanceof Error))
    return { kind: "error", errorType: errorType ?? typeof error, errorMessage: String(error) };
  return {
    kind: "error",
    errorType: errorType ?? error.name,
    errorMessage: error.message,
    ...(error.stack && { stack: error.stack }),
  };
}
