import { createSigner, encodeStrictly, hashOf } from "../aws/sign.ts";
import { awsEnvironment, setting } from "../runtime/env.ts";
import { atInit, lazy } from "../runtime/init.ts";
import { countMetric, type MetricName } from "../runtime/metrics.ts";
import { createGatewayClient } from "./gateway-client.ts";

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

/** The port of this process. */
export const ownPoster = atInit(
  lazy(() => createPoster(setting("WS_ENDPOINT"))),
  ["connections"],
);

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
  const sign = createSigner(host, awsEnvironment());
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
