import type { Jwks } from "aws-jwt-verify/jwk";
import { assertIsJwks } from "aws-jwt-verify/jwk";
import { setting } from "./env.ts";
import { logNotice } from "./log.ts";

/** The shortest time between two fetches of the issuer's keys, however many tokens ask for one. */
const fetchPauseMilliseconds = 10_000;

const timeoutMilliseconds = 2_000;
const bytesMax = 256 * 1024;

let lastFetch = Number.NEGATIVE_INFINITY;
let running: Promise<Jwks | undefined> | undefined;

/**
 * The issuer's public keys (JWKS, RFC 7517), or undefined when they cannot be had or were asked for
 * less than 10 s ago: tokens with made-up key ids must not become requests to the issuer, least of
 * all while it is down. Calls at the same moment share one fetch.
 */
export async function fetchKeys(nowMilliseconds: number): Promise<Jwks | undefined> {
  if (running !== undefined) return running;
  if (nowMilliseconds - lastFetch < fetchPauseMilliseconds) return undefined;
  lastFetch = nowMilliseconds;
  running = fetchNow(setting("JWKS_URI"))
    .catch((error: unknown) => {
      logNotice("The issuer's keys could not be fetched", { reason: String(error) });
      return undefined;
    })
    .finally(() => {
      running = undefined;
    });
  return running;
}

async function fetchNow(address: string): Promise<Jwks> {
  assertTrusted(new URL(address));
  const answer = await fetch(address, {
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMilliseconds),
  });
  if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
  const keys = JSON.parse(await readText(answer));
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

/** The body as text, given up as soon as it is larger than any set of keys. */
async function readText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
