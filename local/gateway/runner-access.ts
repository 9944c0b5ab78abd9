import { timingSafeEqual } from "node:crypto";
import { isLoopback, nameOf } from "./loopback.ts";
import type { RestRequest } from "./rest-request.ts";
import { findHeader } from "./rest-request.ts";

/** With the runner's key in this header, callers may be anywhere and use any host name. */
const keyHeader = "x-local-key";

/** Headers added by proxies: a caller behind one may be anywhere (RFC 7239; RFC 9110, 7.6.3). */
const proxyHeader = /^(x-forwarded-.+|x-real-ip|forwarded|via)$/i;

/**
 * Why a caller may not use the runner's own routes; undefined if they may. `key` is the runner's
 * own. These routes mint tokens and set faults, so no foreign web page may reach them: neither by a
 * request from another origin (which a browser states in each such request, RFC 6454) nor by a name
 * that was made to resolve to this machine (DNS rebinding; the Host header then has that name). Nor
 * may requests forwarded by a proxy on this machine, which come from loopback: they are recognized
 * by their headers, or by HTTP/1.0, nginx's default.
 */
export function findAccessFault(request: RestRequest, key: string): string | undefined {
  const given = findHeader(request, keyHeader);
  if (given !== undefined)
    return isSame(given, key) ? undefined : `${keyHeader}: not the key that the start printed`;
  if (isPreflightForKey(request)) return undefined;
  if (!isLoopback(request.sourceIp)) return `${keyHeader}: expected the key that the start printed`;
  const host = findHeader(request, "host");
  if (host !== undefined && !isLoopback(nameOf(`http://${host}`)))
    return "Host: expected a name of this machine";
  const [proxied] = request.headers.find(([name]) => proxyHeader.test(name)) ?? [];
  if (proxied !== undefined) return `${proxied}: expected the key that the start printed`;
  if (request.protocol === "HTTP/1.0")
    return "HTTP/1.0: expected HTTP/1.1, or the key that the start printed";
  const origin = findHeader(request, "origin");
  if (origin !== undefined)
    return isLoopback(nameOf(origin))
      ? undefined
      : "Origin: pages of other machines may not call this";
  // An image or a link of a page has no origin, but the browser marks it as cross-site.
  return findHeader(request, "sec-fetch-site") === "cross-site"
    ? "Sec-Fetch-Site: pages of other sites may not call this"
    : undefined;
}

/** Whether this is the preflight of a request with the key: browsers send it without the key. */
function isPreflightForKey(request: RestRequest): boolean {
  const names = findHeader(request, "access-control-request-headers")?.toLowerCase().split(",");
  return request.method === "OPTIONS" && names?.some((name) => name.trim() === keyHeader) === true;
}

/**
 * CORS headers that let a permitted page read the response, and send JSON and the key. Callers
 * without an origin are not pages, and get the runner's own.
 */
export function listCorsHeaders(request: RestRequest): [string, string][] {
  const own = `http://${findHeader(request, "host") ?? "127.0.0.1"}`;
  const origin = findHeader(request, "origin") ?? own;
  return [
    ["Access-Control-Allow-Origin", origin],
    ["Access-Control-Allow-Methods", "GET, POST, DELETE"],
    ["Access-Control-Allow-Headers", `content-type, ${keyHeader}`],
    ["Vary", "Origin"],
  ];
}

function isSame(given: string, key: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(key)];
  return one.length === other.length && timingSafeEqual(one, other);
}
