import { assertIsJwks, type Jwks } from "aws-jwt-verify/jwk";
import { isRecent } from "../runtime/caches.ts";
import { setting } from "../runtime/env.ts";
import { logNotice } from "../runtime/log.ts";
import { callIssuer } from "./issuer.ts";

/** The shortest time between two fetches of the issuer's keys, however many tokens need one. */
const fetchPauseMilliseconds = 10_000;
/** The pause after a failed fetch, during which no token with an unknown key can be verified. */
const failurePauseMilliseconds = 1_000;

/** The maximum size of the set of keys. */
const bytesMax = 256 * 1024;

/** The issuer's keys are unavailable, so the token cannot be verified. */
export class KeysUnavailable extends Error {
  override name = "KeysUnavailable";
}

/** The last fetch: when it began, and how long after that no other one begins. */
let last = { at: Number.NEGATIVE_INFINITY, failed: false, pause: fetchPauseMilliseconds };
let running: Promise<Jwks> | undefined;

/**
 * The issuer's public keys (JWKS, RFC 7517), or undefined if the newest ones were fetched less than
 * 10 s ago: tokens with made-up key ids must not cause requests to the issuer. Throws
 * `KeysUnavailable` if the fetch fails, and for a second afterwards without fetching. Concurrent
 * calls share one fetch.
 */
export async function fetchKeys(nowMilliseconds: number): Promise<Jwks | undefined> {
  if (running !== undefined) return running;
  if (isRecent(last.at, nowMilliseconds, last.pause)) {
    if (last.failed) throw new KeysUnavailable("The issuer's keys could not be fetched just now");
    return undefined;
  }
  last = { at: nowMilliseconds, failed: false, pause: fetchPauseMilliseconds };
  const began = performance.now();
  running = fetchNow(setting("JWKS_URI"))
    .catch((error: unknown) => {
      last.failed = true;
      // From the failure: a fetch that hangs takes longer than the pause.
      last.pause = performance.now() - began + failurePauseMilliseconds;
      logNotice("The issuer's keys could not be fetched", { reason: String(error) });
      throw new KeysUnavailable("The issuer's keys could not be fetched");
    })
    .finally(() => {
      running = undefined;
    });
  return running;
}

async function fetchNow(address: string): Promise<Jwks> {
  const { status, text } = await callIssuer(new URL(address), bytesMax);
  if (status !== 200) throw new Error(`HTTP status ${status}`);
  const keys = JSON.parse(text);
  assertIsJwks(keys);
  return keys;
}
