import { Agent as PlainAgent, request as requestPlain } from "node:http";
import { Agent, request as requestSecure } from "node:https";

/**
 * One signed call on its way out: always `POST /`. The headers are all that are sent, their names
 * in lower case; `host` is the one that was signed.
 */
export type TransportRequest = { host: string; headers: Record<string, string>; body: string };

/** The response, whatever its status; the names of the headers are in lower case. */
export type TransportAnswer = { status: number; headers: Record<string, string>; body: string };

/**
 * Takes one call to AWS and its answer back. Rejects when there is no whole answer, with the `code`
 * of Node's sockets (ECONNRESET, ECONNREFUSED …). When the signal aborts, nobody waits any more.
 */
export type Transport = (
  request: TransportRequest,
  options: { signal: AbortSignal },
) => Promise<TransportAnswer>;

/**
 * Where the one-machine runner places a transport of its own, by which the calls of the functions
 * in its threads reach it without a socket. Only the runner places it: on AWS nobody does. A call
 * is signed all the same, so that the receiver knows whose it is.
 */
const placed = Symbol.for("ovation.aws.transport");

/** The transport that the runner has placed, if this is the runner. */
export const placedTransport = () => (globalThis as { [placed]?: Transport })[placed];

/** Connections of one client, as many as the SDK has; more calls at once wait for one. */
const socketsMax = 50;

/** A connection that is lost before there is an answer: the SDK names it as it names a late one. */
const lost = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);
const nameLoss = (error: NodeJS.ErrnoException) =>
  lost.has(error.code ?? "") ? Object.assign(error, { name: "TimeoutError" }) : error;

/**
 * The transport by HTTP/1.1 to `https://host` or `http://host:port`, on connections that are kept.
 * One that fails during a call is not used again, and nothing is repeated here.
 */
export function openSockets(endpoint: URL): { transport: Transport; close(): void } {
  const isSecure = endpoint.protocol === "https:";
  const options = { keepAlive: true, maxSockets: socketsMax };
  const agent = isSecure ? new Agent(options) : new PlainAgent(options);
  const open = isSecure ? requestSecure : requestPlain;
  // An IPv6 address stands in brackets in a URL, and without them everywhere else.
  const place = { host: endpoint.hostname.replace(/^\[|\]$/g, ""), port: endpoint.port };

  const transport: Transport = ({ headers, body }, { signal }) =>
    new Promise((resolve, reject) => {
      const request = open({ ...place, agent, method: "POST", path: "/", headers });
      const abort = () => request.destroy();
      const end = () => signal.removeEventListener("abort", abort);
      const fail = (error: Error) => {
        end();
        reject(error);
      };
      signal.addEventListener("abort", abort, { once: true });
      request.once("error", (error) => fail(nameLoss(error)));
      request.once("response", (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", fail);
        answer.once("end", () => {
          end();
          const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
          const { statusCode: status = 0 } = answer;
          const told = answer.headers as Record<string, string>;
          resolve({ status, headers: told, body: bytes.toString("utf8") });
        });
      });
      request.end(body);
    });
  return { transport, close: () => agent.destroy() };
}
