import type { Agent, Dispatcher } from "undici";

/** One request to the gateway; its path is encoded and its headers are signed. */
type GatewayRequest = {
  origin: string;
  path: string;
  method: "POST" | "GET" | "DELETE";
  headers: string[];
  body: Buffer | null;
};

/** Sends a request. Answers the status, or undefined when no answer came. */
export type GatewayClient = (request: GatewayRequest) => Promise<number | undefined>;

/** Sockets to the gateway: at 15 ms an answer, 160 carry the 10,000 posts/s of an account. */
const socketsMax = 160;
/** A request that is not answered for so long counts as lost. */
const answerMillisecondsMax = 2_000;

/**
 * After this pause without a request the open sockets are not used again. Between two events Lambda
 * freezes an environment: the gateway may close its side meanwhile, nothing here notices, and
 * the client's own timers stand still. So the clock of the wall decides.
 */
const idleMillisecondsMax = 4_000;

/**
 * Node's own undici, so that no bundle carries an HTTP client. A request whose socket fails before
 * any answer is sent once more, by a socket that is opened for it alone: others of the pool may be
 * as dead. So a request may be done twice, never more.
 */
export function createGatewayClient(): GatewayClient {
  let pool = createAgent();
  let usedAt = Date.now();
  const single = createAgent();

  function current(): Agent {
    const now = Date.now();
    if (Math.abs(now - usedAt) > idleMillisecondsMax) {
      // What is still on its way ends with its answer or its time.
      void pool.close().catch(() => undefined);
      pool = createAgent();
    }
    usedAt = now;
    return pool;
  }

  return async (request) => {
    const first = await send(current(), request);
    if (first !== "broken") return first;
    const second = await send(single, { ...request, reset: true });
    return second === "broken" ? undefined : second;
  };
}

/** The status, undefined when none came in time, or that the socket failed before. */
function send(
  agent: Agent,
  request: Dispatcher.DispatchOptions,
): Promise<number | "broken" | undefined> {
  return new Promise((done) => {
    let status: number | undefined;
    agent.dispatch(request, {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData() {},
      onResponseEnd: () => done(status),
      onResponseError: (_controller, error) =>
        done(status ?? (isLate(error) ? undefined : "broken")),
    });
  });
}

/** Whether it is the time that ended a request: then another one would only wait as long. */
const isLate = (error: Error & { code?: string }) => /_TIMEOUT$/.test(error.code ?? "");

/**
 * Node's undici is found under the symbol by which it shares its global dispatcher. Reading
 * `Response` makes Node load it.
 */
function createAgent(): Agent {
  void globalThis.Response;
  const shared = (globalThis as Record<symbol, unknown>)[Symbol.for("undici.globalDispatcher.1")];
  const BuiltIn = (shared as Agent).constructor as new (options: Agent.Options) => Agent;
  return new BuiltIn({
    connections: socketsMax,
    pipelining: 1,
    headersTimeout: answerMillisecondsMax,
    bodyTimeout: answerMillisecondsMax,
    connect: { timeout: answerMillisecondsMax },
  });
}
