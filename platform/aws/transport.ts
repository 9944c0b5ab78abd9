import { Agent as PlainAgent, request as requestPlain } from "node:http";
import { Agent, request as requestSecure } from "node:https";
import { TimeoutError } from "../runtime/deadline.ts";

/**
 * One signed call: `POST /` unless it has a method and a path (with its query, as signed). The
 * headers are complete, with names in lower case; `host` is the signed one.
 */
export type TransportRequest = {
  host: string;
  method?: string;
  path?: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
  /** Whether the response has bytes instead of text. */
  isBinary?: boolean;
};

/** The response, whatever its status; header names are in lower case. */
export type TransportAnswer = {
  status: number;
  headers: Record<string, string>;
  /** Empty if the call is binary. */
  body: string;
  /** Present if the call is binary. */
  bytes?: Uint8Array;
};

/**
 * Sends one call to AWS and returns its response. Rejects without a complete response, with the
 * `code` of Node's sockets (ECONNRESET, ECONNREFUSED …). The signal is of this call alone, has one
 * listener, and may abort until the call has ended.
 */
export type Transport = (
  request: TransportRequest,
  options: { signal: AbortListening },
) => Promise<TransportAnswer>;

/** The part of an `AbortSignal` that a transport uses. */
type AbortListening = {
  addEventListener(type: "abort", listener: () => void, options?: { once: boolean }): void;
};

/**
 * Where the one-machine runner installs its own transport, so that calls of functions in its
 * threads reach it without a socket. Only the runner does so, never AWS. Calls name their caller as
 * signed ones do; a JSON client leaves out the signature, which the runner does not verify.
 */
const placed = Symbol.for("ovation.aws.transport");

/** The transport installed by the runner; undefined outside of it. */
export const placedTransport = () => (globalThis as { [placed]?: Transport })[placed];

/** Sends a call. Rejects with a `TimeoutError` after this time, or as the transport does. */
export function sendWithin(
  transport: Transport,
  request: TransportRequest,
  milliseconds: number,
): Promise<TransportAnswer> {
  // A transport has one listener, for which an AbortController for each call would be too much.
  let abort: (() => void) | undefined;
  const signal: AbortListening = {
    addEventListener(_type, listener) {
      abort = listener;
    },
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new TimeoutError(milliseconds));
      abort?.();
    }, milliseconds);
    transport(request, { signal })
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** Connections of one client, as many as in the SDK; more concurrent calls wait for one. */
const socketsMax = 50;

/** A connection lost before a response: the SDK names this error like a timeout. */
const lost = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);
const nameLoss = (error: NodeJS.ErrnoException) =>
  lost.has(error.code ?? "") ? Object.assign(error, { name: "TimeoutError" }) : error;

/**
 * The transport over HTTP/1.1 to `https://host` or `http://host:port`, on kept-alive connections. A
 * connection that fails during a call is not reused, and nothing is retried here.
 */
export function openSockets(endpoint: URL): { transport: Transport; close(): void } {
  const isSecure = endpoint.protocol === "https:";
  const options = { keepAlive: true, maxSockets: socketsMax };
  const agent = isSecure ? new Agent(options) : new PlainAgent(options);
  const open = isSecure ? requestSecure : requestPlain;
  // An IPv6 address has brackets in a URL, and none elsewhere.
  const place = { host: endpoint.hostname.replace(/^\[|\]$/g, ""), port: endpoint.port };

  const transport: Transport = (
    { method = "POST", path = "/", headers, body, isBinary },
    { signal },
  ) =>
    new Promise((resolve, reject) => {
      const request = open({ ...place, agent, method, path, headers });
      signal.addEventListener("abort", () => request.destroy(), { once: true });
      request.once("error", (error) => reject(nameLoss(error)));
      request.once("response", (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", reject);
        answer.once("end", () => {
          const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
          const { statusCode: status = 0 } = answer;
          const headers = answer.headers as Record<string, string>;
          const content = isBinary ? { body: "", bytes } : { body: bytes.toString("utf8") };
          resolve({ status, headers, ...content });
        });
      });
      request.end(body);
    });
  return { transport, close: () => agent.destroy() };
}
