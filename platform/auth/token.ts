import { JwtVerifier } from "aws-jwt-verify";
import { JwksNotAvailableInCacheError, KidNotFoundInJwksError } from "aws-jwt-verify/error";
import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { graceSeconds, tokenSecondsMax } from "../../domain/revocation.ts";
import { isRecent } from "../runtime/caches.ts";
import { setting } from "../runtime/env.ts";
import type { Caller, Role } from "./caller.ts";
import { fetchKeys, KeysUnavailable } from "./jwks.ts";

/** API Gateway accepts 10,240 bytes of headers; longer tokens are refused unread. */
const tokenLengthMax = 8_192;

/**
 * Keys older than this are fetched again, so that a key withdrawn by the issuer no longer counts.
 */
const keysLifeMilliseconds = 10 * 60_000;
/** The time from a failed renewal to the next one: calls wait up to four seconds for each. */
const renewalPauseMilliseconds = 10_000;

const claim = z.string().max(500).optional().catch(undefined);

/**
 * The claims that a token needs beyond the checks of aws-jwt-verify. The library (5.2) accepts
 * signed tokens without `exp`, with `exp` in milliseconds, without `sub`, with a `sub` that would
 * break a key, or with an `iat` in the future.
 */
const Claims = z.object({
  sub: z.string().min(1),
  exp: z.number(),
  iat: z.number(),
  jti: z.string().max(200).catch(""),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  client_id: z.string().optional(),
  azp: z.string().optional().catch(undefined),
  token_use: z.string().optional().catch(undefined),
  scope: z.string().default(""),
  preferred_username: claim,
  given_name: claim,
  family_name: claim,
  picture: claim,
});

type Header = { alg?: string | undefined; crit?: unknown };
type SigningKey = { kty: string; alg?: string };

type Verifier = ReturnType<typeof createVerifier>;

let verifier: Verifier | undefined;
let keysFetchedAt = Number.NEGATIVE_INFINITY;
let renewalFailedAt = Number.NEGATIVE_INFINITY;

function createVerifier() {
  return JwtVerifier.create({
    issuer: setting("ISSUER"),
    jwksUri: setting("JWKS_URI"),
    // The audience is checked below: Cognito's access tokens carry it as client_id.
    audience: null,
    // The tolerance for `nbf`; `exp` is checked again below, without one.
    graceSeconds,
    customJwtCheck: ({ header, jwk }) => assertSigning(header as Header, jwk as SigningKey),
  });
}

/**
 * Verifies a token (JWT, RFC 7519); undefined if it is invalid, since the caller gets the same
 * response for every reason. Checks signature, issuer, audience, times and subject; roles come from
 * the groups claim, a machine's from its scopes. Throws `KeysUnavailable` if verification needs
 * keys that are unavailable. Throws if a setting is wrong, since that makes no token invalid.
 */
export async function verifyToken(token: string, now: Date): Promise<Caller | undefined> {
  if (token.length > tokenLengthMax || !isCanonical(token)) return undefined;
  verifier ??= createVerifier();
  const names = {
    audiences: setting("AUDIENCE"),
    subjectClaim: setting("SUBJECT_CLAIM"),
    groupsClaim: setting("GROUPS_CLAIM"),
    roleScopes: setting("ROLE_SCOPES"),
  };
  try {
    const payload = await verifySignature(verifier, token, now.getTime());
    return callerOf(payload, names, Math.floor(now.getTime() / 1000));
  } catch (error) {
    if (error instanceof KeysUnavailable) throw error;
    // Some rejections of the library are plain errors: a malformed DER signature or a time out of
    // range. A token that cannot be read is invalid.
    return undefined;
  }
}

/**
 * Whether the signature is in the canonical encoding of RFC 4648: its last character has spare
 * bits, which decoders ignore. A token with 16 spellings would have 16 times the rate.
 */
function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf(".") + 1);
  return Buffer.from(signature, "base64url").toString("base64url") === signature;
}

/**
 * Verifies with the cached keys; unknown key ids may cause one bounded fetch. While the issuer is
 * down, the cached keys still count, and tokens that are invalid with any key are refused.
 */
async function verifySignature(
  verifier: Verifier,
  token: string,
  nowMilliseconds: number,
): Promise<unknown> {
  if (
    !isRecent(keysFetchedAt, nowMilliseconds, keysLifeMilliseconds) &&
    !isRecent(renewalFailedAt, nowMilliseconds, renewalPauseMilliseconds)
  )
    await renewKeys(nowMilliseconds).catch((error: unknown) => {
      if (!(error instanceof KeysUnavailable)) throw error;
      renewalFailedAt = nowMilliseconds;
    });
  try {
    return verifier.verifySync(token);
  } catch (error) {
    const isKeyUnknown =
      error instanceof KidNotFoundInJwksError || error instanceof JwksNotAvailableInCacheError;
    if (!isKeyUnknown || !(await renewKeys(nowMilliseconds))) throw error;
    return verifier.verifySync(token);
  }
}

/** Returns whether there are newer keys now. */
async function renewKeys(nowMilliseconds: number): Promise<boolean> {
  const keys = await fetchKeys(nowMilliseconds);
  if (keys === undefined) return false;
  verifier?.cacheJwks(keys);
  keysFetchedAt = nowMilliseconds;
  return true;
}

/** The kinds of keys that each family of algorithms may use (RFC 7518, 3.1; RFC 8037). */
const keyKinds: Record<string, string> = { RS: "RSA", ES: "EC", Ed: "OKP" };

/**
 * Throws for extensions that must be understood (`crit`, RFC 7515 4.1.11), since none is supported,
 * and for an algorithm of another kind than the key, which may not name its algorithm.
 */
function assertSigning(header: Header, jwk: SigningKey): void {
  if (header.crit !== undefined) throw new Error("crit");
  if (keyKinds[header.alg?.slice(0, 2) ?? ""] !== jwk.kty) throw new Error("alg");
}

/** The names of claims and roles in the tokens of a stage's issuer. */
type Names = {
  audiences: readonly string[];
  subjectClaim: string;
  groupsClaim: string;
  roleScopes: ReadonlyMap<string, string>;
};

function callerOf(payload: unknown, names: Names, nowSeconds: number): Caller | undefined {
  const parsed = Claims.safeParse(payload);
  if (!parsed.success) return undefined;
  const { sub, exp, iat, jti, aud, client_id, azp, token_use, scope, ...claims } = parsed.data;
  const audiences = aud === undefined ? [client_id] : [aud].flat();
  if (!audiences.some((one) => one !== undefined && names.audiences.includes(one)))
    return undefined;
  if (exp <= nowSeconds || exp - iat > tokenSecondsMax) return undefined;
  if (iat > nowSeconds + graceSeconds) return undefined;
  const payloadClaims = payload as Record<string, unknown>;
  const machine = machineOf(sub, client_id ?? azp);
  const userId = UserId.safeParse(machine ?? payloadClaims[names.subjectClaim]);
  if (!userId.success) return undefined;
  // Cognito's trigger removes roles only from ID tokens (platform/auth/second-factor.ts).
  const groups = token_use === "access" ? [] : payloadClaims[names.groupsClaim];
  const scopes = machine === undefined ? [] : scope.split(" ");
  return {
    userId: userId.data,
    roles: rolesOf([
      ...(Array.isArray(groups) ? groups : []),
      ...scopes.map((name) => names.roleScopes.get(name)),
    ]),
    claims,
    expiresAt: exp,
    issuedAt: iat,
    tokenId: jti,
  };
}

/**
 * The client to which a token was issued for itself (client credentials): the subject of such a
 * token is the client (RFC 9068, 2.2), which Auth0 writes as `client@clients`. A user's token also
 * names a client, and scopes requested by an application: those give no role.
 */
const machineOf = (sub: string, client: string | undefined) =>
  client !== undefined && (sub === client || sub === `${client}@clients`) ? client : undefined;

/** The roles among these names; all other names are ignored. */
const rolesOf = (names: readonly unknown[]): Role[] =>
  (["admin", "service"] as const).filter((role) => names.includes(role));
