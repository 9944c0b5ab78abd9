import { assertIsJwks, type Jwks } from "aws-jwt-verify/jwk";
import { setting } from "../runtime/env.ts";
import { logNotice } from "../runtime/log.ts";
import { callIssuer } from "./issuer.ts";

/** The shortest time between two fetches of the issuer's keys, however many tokens ask for one. */
const fetchPauseMilliseconds = 10_000;
/** The same after a fetch that failed: all whose token cannot be judged wait for the next one. */
const failurePauseMilliseconds = 1_000;

/** No set of keys is larger. */
const bounds = { timeoutMilliseconds: 2_000, bytesMax: 256 * 1024 };

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
  const { status, text } = await callIssuer(new URL(address), bounds);
  if (status !== 200) throw new Error(`HTTP status ${status}`);
  const keys = JSON.parse(text);
  assertIsJwks(keys);
  return keys;
}
