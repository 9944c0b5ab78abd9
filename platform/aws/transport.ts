import { Agent as PlainAgent, request as requestPlain } from "node:http";
import { Agent, request as requestSecure } from "node:https";
import type { Transport } from "./aws-client.ts";

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
