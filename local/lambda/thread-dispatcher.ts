import type { Agent, Dispatcher } from "undici";
import type { CallAnswer, FunctionCall } from "../model.ts";
import type { SendCall } from "./thread-calls.ts";

/** Which requests are sent as thread messages, and how. */
export type ThreadWay = {
  /** The local AWS endpoint, such as `http://127.0.0.1:4001`. */
  origin: string;
  send: SendCall;
  /** Whether requests must use sockets for now. */
  isClosed(): boolean;
};

/** Key of the global dispatcher that all copies of undici in a process share, Node's included. */
const shared = Symbol.for("undici.globalDispatcher.1");

/** undici's own default time-out for response headers. */
const answerMillisecondsDefault = 300_000;

/**
 * Replaces the global dispatcher of Node's undici, so that a function's requests to AWS are sent as
 * thread messages without a change to its code. All other requests, and those that a message cannot
 * carry, use Node's agent. Node loads undici when `Response` is first read, which takes 30 ms, so
 * this is for functions whose first post would load it anyway.
 */
export function installDispatcher(way: ThreadWay): void {
  void globalThis.Response;
  const ThreadAgent = createAgentClass(way, Reflect.get(globalThis, shared) as Agent);
  Reflect.set(globalThis, shared, new ThreadAgent());
}

/** Creates the class: libraries derive their own agents from the global agent's constructor. */
function createAgentClass(way: ThreadWay, native: Agent) {
  const NativeAgent = native.constructor as new (options?: Agent.Options) => Agent;

  return class ThreadAgent {
    readonly #options: Agent.Options | undefined;
    readonly #timeouts: ReturnType<typeof createTimeoutQueue>;
    #agent: Agent | undefined;

    constructor(options?: Agent.Options) {
      this.#options = options;
      this.#timeouts = createTimeoutQueue(options?.headersTimeout || answerMillisecondsDefault);
    }

    dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      const call = way.isClosed() ? undefined : readRequest(way.origin, request, handler);
      if (call === undefined) return this.#native().dispatch(request, handler);
      exchange(way.send, this.#timeouts, call, handler);
      return true;
    }

    async close(): Promise<void> {
      await this.#agent?.close();
    }

    async destroy(): Promise<void> {
      await this.#agent?.destroy();
    }

    /** The agent with sockets: the process's own for the global dispatcher, else a new one. */
    #native(): Agent {
      this.#agent ??= this.#options === undefined ? native : new NativeAgent(this.#options);
      return this.#agent;
    }
  };
}

/** A request as a thread message; undefined if it has another target or a body to stream. */
function readRequest(
  origin: string,
  request: Dispatcher.DispatchOptions,
  handler: Dispatcher.DispatchHandler,
): FunctionCall | undefined {
  const { method, path, headers, body = null } = request;
  const isPlain =
    String(request.origin) === origin &&
    request.query === undefined &&
    Array.isArray(headers) &&
    (body === null || typeof body === "string" || body instanceof Uint8Array) &&
    typeof handler.onRequestStart === "function";
  if (!isPlain) return undefined;
  return { method, url: path, headers: headers as string[], body: (body ?? "") as Uint8Array };
}

/** Sends a call and calls undici's handler in the documented order. */
function exchange(
  send: SendCall,
  timeouts: ReturnType<typeof createTimeoutQueue>,
  call: FunctionCall,
  handler: Dispatcher.DispatchHandler,
): void {
  const fail = (error: Error) => {
    leave();
    forget();
    handler.onResponseError?.(controller, error);
  };
  const controller = createController(fail);
  const forget = send(call, (answer) => {
    leave();
    finish(handler, controller, answer);
  });
  const leave = timeouts.enter(() => {
    fail(describe("UND_ERR_HEADERS_TIMEOUT", "Headers Timeout Error"));
  });
  handler.onRequestStart?.(controller, undefined);
}

function finish(
  handler: Dispatcher.DispatchHandler,
  controller: Dispatcher.DispatchController,
  answer: CallAnswer,
): void {
  if (answer === "lost") {
    handler.onResponseError?.(controller, describe("UND_ERR_SOCKET", "other side closed"));
    return;
  }
  handler.onResponseStart?.(controller, answer.status, answer.headers ?? {}, "");
  if (answer.body.length > 0) handler.onResponseData?.(controller, Buffer.from(answer.body));
  handler.onResponseEnd?.(controller, {});
}

const describe = (code: string, message: string) => Object.assign(new Error(message), { code });

/** A response arrives as a whole, so there is nothing to pause. */
function createController(fail: (reason: Error) => void): Dispatcher.DispatchController {
  const controller = {
    aborted: false,
    paused: false,
    reason: null as Error | null,
    rawHeaders: null,
    rawTrailers: null,
    pause() {},
    resume() {},
    abort(reason: Error) {
      if (controller.aborted) return;
      controller.aborted = true;
      controller.reason = reason;
      fail(reason);
    },
  };
  return controller;
}

/**
 * One timer for all timeouts of the same length, set for the oldest. `enter` takes the callback and
 * returns a function that cancels the timeout.
 */
function createTimeoutQueue(milliseconds: number): { enter(late: () => void): () => void } {
  const waiting = new Map<() => void, number>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    timer = undefined;
    for (const [late, since] of waiting) {
      const left = since + milliseconds - performance.now();
      if (left > 0) {
        wait(left);
        return;
      }
      waiting.delete(late);
      late();
    }
  }
  function wait(left: number): void {
    if (timer === undefined) timer = setTimeout(look, Math.ceil(left)).unref();
  }

  return {
    enter(late) {
      waiting.set(late, performance.now());
      wait(milliseconds);
      return () => void waiting.delete(late);
    },
  };
}
