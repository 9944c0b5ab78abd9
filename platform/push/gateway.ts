import type { Agent, Dispatcher } from "undici";
import { relayOf } from "../../domain/log/subscriber.ts";
import { createSigner, encodeStrictly, hashOf } from "../aws/sign.ts";
import { awsEnvironment, setting } from "../runtime/env.ts";
import { atInit, lazy } from "../runtime/init.ts";
import { countMetric, type MetricName } from "../runtime/metrics.ts";
import { isRelayAlive, type Mail, putMail } from "../store/log/relays.ts";

/** A message with its hash, made once for all who get it. */
export type Payload = { bytes: Buffer; hash: string };

/** The bytes of a message and their hash, which every signature of it needs. */
export const payloadOf = (text: string): Payload => {
  const bytes = Buffer.from(text);
  return { bytes, hash: hashOf(bytes) };
};

/**
 * What became of a message: `gone` has no such connection (410: closed, or not open yet),
 * `too_fast` is the account's rate or a slow client's full buffer (429), `refused` any other 4xx,
 * `lost` no answer, though a socket that failed was tried once more. What does not arrive is a hole
 * that heals by the client's rules.
 */
export type PostResult = "sent" | "gone" | "too_fast" | "refused" | "lost";

/**
 * The port through which messages leave: API Gateway's `@connections`, or what a test puts there.
 */
export type Poster = {
  post(connectionId: string, payload: Payload): Promise<PostResult>;
  /** Ends a connection; API Gateway chooses the close code. */
  close(connectionId: string): Promise<PostResult>;
  /** Whether the gateway has the connection. */
  probe(connectionId: string): Promise<PostResult>;
};

/** The port of this process, through which relays' connections are reached, too. */
export const ownPoster = atInit(
  lazy(() => withRelays(createPoster(setting("WS_ENDPOINT")))),
  ["connections"],
);

/** The same port with a second way, to the connections that relays hold. */
function withRelays(gateway: Poster): Poster {
  return {
    post: (connectionId, payload) =>
      sendMail({ connectionId, text: payload.bytes.toString() }, () =>
        gateway.post(connectionId, payload),
      ),
    close: (connectionId) =>
      sendMail({ connectionId, closes: true }, () => gateway.close(connectionId)),
    async probe(connectionId) {
      const node = relayOf(connectionId);
      if (node === undefined) return gateway.probe(connectionId);
      // A relay that lives removes its connections' sockets itself.
      return (await isRelayAlive(node, new Date())) ? "sent" : "gone";
    },
  };
}

async function sendMail(mail: Mail, otherwise: () => Promise<PostResult>): Promise<PostResult> {
  const node = relayOf(mail.connectionId);
  if (node === undefined) return otherwise();
  const now = new Date();
  if (!(await isRelayAlive(node, now))) return "gone";
  await putMail(node, mail, now);
  return "sent";
}

const nothing = hashOf("");

/** How posts end that are counted. A connection that is gone is nothing to worry about. */
const metricOf: Partial<Record<PostResult, MetricName>> = {
  sent: "PostsSent",
  lost: "PostsLost",
  too_fast: "PostsLimited",
};

/**
 * Posts to one WebSocket API (`https://host/stage`). The stock SDK client takes ten times the CPU of
 * this: the signer keeps what does not change, and the HTTP client is the one that Node brings.
 */
export function createPoster(endpoint: string): Poster {
  const { origin, host, pathname } = new URL(endpoint);
  const sign = createSigner(host, awsEnvironment);
  const base = `${pathname.replace(/\/$/, "")}/@connections/`;
  const send = createGatewayClient();

  async function call(
    method: "POST" | "GET" | "DELETE",
    connectionId: string,
    payload?: Payload,
  ): Promise<PostResult> {
    const path = base + encodeStrictly(connectionId);
    const headers = sign({ method, path, payloadHash: payload?.hash ?? nothing }, Date.now());
    const status = await send({ origin, path, method, headers, body: payload?.bytes ?? null });
    const result = resultOf(status);
    const metric = method === "POST" ? metricOf[result] : undefined;
    if (metric !== undefined) countMetric(metric);
    return result;
  }

  return {
    post: (connectionId, payload) => call("POST", connectionId, payload),
    close: (connectionId) => call("DELETE", connectionId),
    probe: (connectionId) => call("GET", connectionId),
  };
}

function resultOf(status: number | undefined): PostResult {
  if (status === undefined || status >= 500) return "lost";
  if (status < 300) return "sent";
  if (status === 410) return "gone";
  return status === 429 ? "too_fast" : "refused";
}

/** One request to the gateway; its path is encoded and its headers are signed. */
type GatewayRequest = {
  origin: string;
  path: string;
  method: "POST" | "GET" | "DELETE";
  headers: string[];
  body: Buffer | null;
};

/** Sends a request. Answers the status, or undefined when no answer came. */
type GatewayClient = (request: GatewayRequest) => Promise<number | undefined>;

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
function createGatewayClient(): GatewayClient {
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
