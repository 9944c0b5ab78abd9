import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import type { Jwks } from "aws-jwt-verify/jwk";
import { assertIsJwks } from "aws-jwt-verify/jwk";
import { setting } from "./env.ts";
import { logNotice } from "./log.ts";

/** The shortest time between two fetches of the issuer's keys, however many tokens ask for one. */
const fetchPauseMilliseconds = 10_000;
/** The same after a fetch that failed: all whose token cannot be judged wait for the next one. */
const failurePauseMilliseconds = 1_000;

const timeoutMilliseconds = 2_000;
const bytesMax = 256 * 1024;

/** The issuer's keys cannot be had now: what only they could tell is not known. */
export class KeysUnavailable extends Error {
  override name = "KeysUnavailable";
}

let last = { at: Number.NEGATIVE_INFINITY, failed: false };
let running: Promise<Jwks> | undefined;

/**
 * The issuer's public keys (JWKS, RFC 7517), or undefined when those that it gave less than 10 s
 * ago are its newest: tokens with made-up key ids must not become requests to the issuer. Throws
 * `KeysUnavailable` when they cannot be had, and for a second afterwards without asking. Calls at
 * the same moment share one fetch.
 */
export async function fetchKeys(nowMilliseconds: number): Promise<Jwks | undefined> {
  if (running !== undefined) return running;
  const pause = last.failed ? failurePauseMilliseconds : fetchPauseMilliseconds;
  if (nowMilliseconds - last.at < pause) {
    if (last.failed) throw new KeysUnavailable("The issuer's keys could not be fetched just now");
    return undefined;
  }
  last = { at: nowMilliseconds, failed: false };
  running = fetchNow(setting("JWKS_URI"))
    .catch((error: unknown) => {
      last.failed = true;
      logNotice("The issuer's keys could not be fetched", { reason: String(error) });
      throw new KeysUnavailable("The issuer's keys could not be fetched");
    })
    .finally(() => {
      running = undefined;
    });
  return running;
}

async function fetchNow(address: string): Promise<Jwks> {
  const url = new URL(address);
  assertTrusted(url);
  const keys = JSON.parse(await getText(url));
  assertIsJwks(keys);
  return keys;
}

/** Keys come by https only; by http from this machine, and only in the one-machine runner. */
function assertTrusted({ protocol, hostname }: URL): void {
  if (protocol === "https:") return;
  const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  if (protocol === "http:" && isLoopback && setting("LOCAL") === "on") return;
  throw new Error(`${protocol} is not trusted`);
}

/**
 * The body of a 200; reading stops once it is larger than any set of keys, and redirects are not
 * followed. By Node's own `https`, since the first `fetch` of a process loads code for 30 ms.
 */
function getText(url: URL): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  const request = (url.protocol === "https:" ? requestSecure : requestPlain)(url, { signal });
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.once("response", (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const fail = (error: Error) => {
        request.destroy();
        reject(error);
      };
      if (answer.statusCode !== 200) return fail(new Error(`HTTP status ${answer.statusCode}`));
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > bytesMax) return fail(new Error(`more than ${bytesMax} bytes`));
        chunks.push(chunk);
      });
      answer.on("error", reject);
      answer.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    });
    request.end();
  });
}
