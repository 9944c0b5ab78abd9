import type { Agent, Dispatcher } from "undici";
import { relayOf } from "../../domain/log/subscriber.ts";
import { installedTransport, sendWithin, type Transport } from "../aws/aws-client.ts";
import { collectHeaders, createSigner, encodeStrictly, hashOf } from "../aws/sign.ts";
import { atInit, lazy } from "../runtime/caches.ts";
import { TimeoutError } from "../runtime/deadline.ts";
import { awsEnvironment, setting } from "../runtime/env.ts";
import { countMetric, type MetricName } from "../runtime/metrics.ts";
import { isRelayAlive, putRelayMessage, type RelayMessage } from "../store/log/relays.ts";

/** A message and its hash, computed once for all recipients. */
export type Payload = { bytes: Buffer; hash: string };

/** Encodes a message and computes the hash that its signature needs. */
export const payloadOf = (text: string): Payload => {
  const bytes = Buffer.from(text);
  return { bytes, hash: hashOf(bytes) };
};

/**
 * The result of a post. `gone`: no such connection (410: closed, or not open yet). `too_fast`: the
 * account's rate or a slow client's full buffer (429). `refused`: any other 4xx. `lost`: a 5xx, or
 * no response, after one retry if the socket failed. A client detects the gap and fills it.
 */
export type PostResult = "sent" | "gone" | "too_fast" | "refused" | "lost";

/** Sends messages to connections, by API Gateway's `@connections` or a test's substitute. */
export type Poster = {
  post(connectionId: string, payload: Payload): Promise<PostResult>;
  /** Closes a connection; API Gateway chooses the close code. */
  close(connectionId: string): Promise<PostResult>;
  /** Whether the connection exists: `sent` or `gone`. */
  probe(connectionId: string): Promise<PostResult>;
};

/** The poster of this process, which also reaches connections of relays. */
export const ownPoster = atInit(
  lazy(() => withRelays(createPoster(setting("WS_ENDPOINT")))),
  ["connections"],
);

/** Adds a route to connections that relays hold. */
function withRelays(gateway: Poster): Poster {
  return {
    post: (connectionId, payload) =>
      sendToRelay({ connectionId, text: payload.bytes.toString() }, () =>
        gateway.post(connectionId, payload),
      ),
    close: (connectionId) =>
      sendToRelay({ connectionId, closes: true }, () => gateway.close(connectionId)),
    async probe(connectionId) {
      const node = relayOf(connectionId);
      if (node === undefined) return gateway.probe(connectionId);
      // A live relay removes the items of its connections itself.
      return (await isRelayAlive(node, new Date())) ? "sent" : "gone";
    },
  };
}

async function sendToRelay(
  message: RelayMessage,
  otherwise: () => Promise<PostResult>,
): Promise<PostResult> {
  const node = relayOf(message.connectionId);
  if (node === undefined) return otherwise();
  const now = new Date();
  if (!(await isRelayAlive(node, now))) return "gone";
  await putRelayMessage(node, message, now);
  return "sent";
}

const nothing = hashOf("");

/** Counted results. A dead connection is normal. */
const metricOf: Partial<Record<PostResult, MetricName>> = {
  sent: "PostsSent",
  lost: "PostsLost",
  too_fast: "PostsLimited",
};

/**
 * Posts to one WebSocket API (`https://host/stage`). The SDK's client takes ten times the CPU: this
 * one caches the constant parts of the signature and uses Node's HTTP client.
 */
export function createPoster(endpoint: string): Poster {
  const { origin, host, pathname } = new URL(endpoint);
  const sign = createSigner(host, awsEnvironment);
  const base = `${pathname.replace(/\/$/, "")}/@connections/`;
  const sockets = lazy(openSockets);
  // Opened now rather than at the first post, because this makes Node load its HTTP client.
  if (installedTransport() === undefined) sockets();

  async function call(
    method: "POST" | "GET" | "DELETE",
    connectionId: string,
    payload?: Payload,
  ): Promise<PostResult> {
    const path = base + encodeStrictly(connectionId);
    const placed = installedTransport();
    // The local runner verifies no signatures, so it needs no hash.
    const payloadHash = placed === undefined ? (payload?.hash ?? nothing) : undefined;
    const headers = sign({ method, path, payloadHash }, Date.now());
    const request = { origin, path, method, headers, body: payload?.bytes ?? null };
    const attempt = placed === undefined ? sockets() : attemptBy(placed, host);
    const status = await sendTwice(attempt, request);
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

/** One signed request to the gateway, with an encoded path. */
type GatewayRequest = {
  origin: string;
  path: string;
  method: "POST" | "GET" | "DELETE";
  headers: string[];
  body: Buffer | null;
};

/**
 * Sends a request. Returns the status, undefined after a timeout, or "broken" if the connection
 * failed before a response.
 */
type Attempt = (
  request: GatewayRequest,
  isSecond: boolean,
) => Promise<number | "broken" | undefined>;

/** Returns the status, or undefined without a response. A request is executed at most twice. */
async function sendTwice(attempt: Attempt, request: GatewayRequest): Promise<number | undefined> {
  const first = await attempt(request, false);
  if (first !== "broken") return first;
  const second = await attempt(request, true);
  return second === "broken" ? undefined : second;
}

/** Sockets to the gateway: at 15 ms per response, 160 carry the 10,000 posts/s of an account. */
const socketsMax = 160;
/** A request without a response after this time counts as lost. */
const answerMillisecondsMax = 2_000;

/**
 * Open sockets are not reused after an idle period of this length. Lambda freezes an environment
 * between events: the gateway may close its end unnoticed, and the client's own timers stand still,
 * so this compares wall-clock time.
 */
const idleMillisecondsMax = 4_000;

/**
 * Uses Node's own undici, so that bundles contain no HTTP client. The second attempt of a request
 * uses a new socket, because others in the pool may be dead too.
 */
function openSockets(): Attempt {
  let pool = createAgent();
  let usedAt = Date.now();
  const single = createAgent();

  function current(): Agent {
    const now = Date.now();
    if (Math.abs(now - usedAt) > idleMillisecondsMax) {
      // Requests in flight end with their response or timeout.
      void pool.close().catch(() => undefined);
      pool = createAgent();
    }
    usedAt = now;
    return pool;
  }

  return (request, isSecond) =>
    isSecond ? send(single, { ...request, reset: true }) : send(current(), request);
}

function send(agent: Agent, request: Dispatcher.DispatchOptions): ReturnType<Attempt> {
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

/** Sends requests by the runner's transport. */
const attemptBy =
  (transport: Transport, host: string): Attempt =>
  async ({ method, path, headers, body }) => {
    const request = { host, method, path, headers: collectHeaders(headers), body: body ?? "" };
    try {
      return (await sendWithin(transport, request, answerMillisecondsMax)).status;
    } catch (error) {
      return error instanceof TimeoutError ? undefined : "broken";
    }
  };

/** Whether a request timed out; a retry would take as long. */
const isLate = (error: Error & { code?: string }) => /_TIMEOUT$/.test(error.code ?? "");

/**
 * Finds Node's undici under the symbol of its global dispatcher. Reading `Response` makes Node load
 * it.
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
