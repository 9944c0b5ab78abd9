import type { IncomingMessage } from "node:http";
import type { RestRequest } from "./rest-request.ts";

/** Path and query as sent; a target in absolute form loses its host. */
export function splitTarget(target: string): { path: string; query: string } {
  const local = target.replace(/^https?:\/\/[^/?]*/i, "").replace(/#.*$/, "");
  const mark = local.indexOf("?");
  const path = mark < 0 ? local : local.slice(0, mark);
  return { path: path === "" ? "/" : path, query: mark < 0 ? "" : local.slice(mark + 1) };
}

/** The bytes of the request line and of the header values, as API Gateway counts them. */
export function sizeOfHeaders(request: IncomingMessage): number {
  let bytes = (request.method ?? "").length + (request.url ?? "").length + " HTTP/1.1 ".length;
  for (const [index, text] of request.rawHeaders.entries()) if (index % 2) bytes += text.length;
  return bytes;
}

/** A request to the runner's port, in the form for the APIs behind it. */
export function describeRequest(request: IncomingMessage, body: Buffer): RestRequest {
  const headers: [string, string][] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    headers.push([request.rawHeaders[index] ?? "", request.rawHeaders[index + 1] ?? ""]);
  }
  return {
    method: request.method ?? "GET",
    ...splitTarget(request.url ?? "/"),
    headers,
    body,
    sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
    ownIp: request.socket.localAddress ?? "127.0.0.1",
    protocol: `HTTP/${request.httpVersion}`,
    receivedMilliseconds: Date.now(),
  };
}
