import { type LookupAddress, type LookupAllOptions, lookup } from "node:dns";
import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { setting } from "./env.ts";

/** Addresses inside: loopback, private, link-local, shared and reserved ones (RFC 6890). */
const inside = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  inside.ipv4.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ["::", 8],
  ["64:ff9b::", 96],
  ["100::", 64],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  inside.ipv6.addSubnet(network, bits, "ipv6");

/** True for addresses that a request from outside must not be able to reach through us. */
export function isInside(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  // One list for both would take an IPv4 address for an IPv6 one of the form ::ffff:a.b.c.d.
  return family === 4 ? inside.ipv4.check(address) : inside.ipv6.check(address, "ipv6");
}

/**
 * Resolves a name and refuses one that leads inside. The connection goes to the very addresses that
 * were looked at, so a name that changes in between leads nowhere else.
 */
const lookupOutside: LookupFunction = (name, options, done) => {
  const all: LookupAllOptions = { ...options, all: true, family: 0 };
  lookup(name, all, (error, found: LookupAddress[]) => {
    const bad = error ?? (found.some(({ address }) => isInside(address)) ? refused(name) : null);
    if (bad) done(bad, "", 4);
    else if (options.all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  });
};

const refused = (host: string): NodeJS.ErrnoException =>
  new Error(`The address of ${host} is not outside`);

/** How long an answer may take, and how large it may be. */
type Bounds = { timeoutMilliseconds: number; bytesMax: number };

/**
 * Posts JSON, with `more` headers, to an address that somebody has configured, and answers the
 * status and text that came back. Throws when it leads inside (the one-machine runner may call
 * itself), is late, too large or not there. Redirects are not followed.
 */
export async function postJson(
  url: URL,
  body: unknown,
  { timeoutMilliseconds, bytesMax }: Bounds,
  more: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const isLocal = setting("LOCAL") === "on";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!isLocal && isIP(host) !== 0 && isInside(host)) throw refused(host);
  const payload = JSON.stringify(body);
  const options = {
    method: "POST",
    headers: {
      ...more,
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(payload)),
    },
    ...(!isLocal && { lookup: lookupOutside }),
    signal: AbortSignal.timeout(timeoutMilliseconds),
  };
  const request =
    url.protocol === "https:" ? httpsRequest(url, options) : httpRequest(url, options);
  return answerOf(request, payload, bytesMax);
}

function answerOf(request: ClientRequest, payload: string, bytesMax: number) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    request.on("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= bytesMax) return void chunks.push(chunk);
        reject(new Error(`More than ${bytesMax} bytes`));
        request.destroy();
      });
      response.on("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    request.end(payload);
  });
}
