import { JwtVerifier } from "aws-jwt-verify";
import { JwksNotAvailableInCacheError, KidNotFoundInJwksError } from "aws-jwt-verify/error";
import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { graceSeconds, tokenSecondsMax } from "../../domain/revocation.ts";
import { setting } from "../runtime/env.ts";
import type { Caller, Role } from "./caller.ts";
import { fetchKeys, KeysUnavailable } from "./jwks.ts";

/** API Gateway carries 10,240 bytes of headers; a token beyond this is not looked at. */
const tokenLengthMax = 8_192;

/**
 * Keys older than this are fetched again, so that a key which the issuer withdrew no longer counts.
 */
const keysLifeMilliseconds = 10 * 60_000;

const claim = z.string().max(500).optional().catch(undefined);

/**
 * What a token must say beyond what aws-jwt-verify checks. The library (5.2) takes signed tokens
 * without `exp`, with `exp` in milliseconds, without `sub`, with a `sub` that would break a key, or
 * with an `iat` in the future.
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

function createVerifier() {
  return JwtVerifier.create({
    issuer: setting("ISSUER"),
    jwksUri: setting("JWKS_URI"),
    // The audience is checked below: Cognito's access tokens carry it as client_id.
    audience: null,
    customJwtCheck: ({ header, jwk }) => assertSigning(header as Header, jwk as SigningKey),
  });
}

/**
 * Whose token this is (JWT, RFC 7519), or undefined: whatever is wrong with it, the caller hears
 * the same. Signature, issuer, audience, times and subject are checked; roles come from the groups
 * claim, those of a machine from its scopes. Throws `KeysUnavailable` when it cannot be judged without keys that cannot be had now, and
 * when a setting is wrong: nobody's token is bad for that.
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
    // Not every rejection of the library is an error of its own: a malformed DER signature or a
    // time out of range throws a plain one. A token that cannot be read is a token that is not
    // good.
    return undefined;
  }
}

/**
 * Whether the signature is spelled in the one way of RFC 4648: its last character has spare bits,
 * which decoders ignore. A token that could be spelled in 16 ways would have 16 times the rate.
 */
function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf(".") + 1);
  return Buffer.from(signature, "base64url").toString("base64url") === signature;
}

/**
 * Verifies with the keys that are known; unknown key ids may cause one bounded fetch. While the
 * issuer is down the known keys still count, and tokens that are bad whatever the key are refused.
 */
async function verifySignature(
  verifier: Verifier,
  token: string,
  nowMilliseconds: number,
): Promise<unknown> {
  if (nowMilliseconds - keysFetchedAt > keysLifeMilliseconds)
    await renewKeys(nowMilliseconds).catch((error: unknown) => {
      if (!(error instanceof KeysUnavailable)) throw error;
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

/** Tells whether there are newer keys now. */
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
 * An extension that must be understood is not understood here (`crit`, RFC 7515 4.1.11), and a key
 * that names no algorithm serves only those of its own kind.
 */
function assertSigning(header: Header, jwk: SigningKey): void {
  if (header.crit !== undefined) throw new Error("crit");
  if (keyKinds[header.alg?.slice(0, 2) ?? ""] !== jwk.kty) throw new Error("alg");
}

/** What a stage calls things in its issuer's tokens. */
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
  const said = payload as Record<string, unknown>;
  const machine = machineOf(sub, client_id ?? azp);
  const userId = UserId.safeParse(machine ?? said[names.subjectClaim]);
  if (!userId.success) return undefined;
  // Cognito's trigger takes roles out of ID tokens alone (platform/auth/second-factor.ts).
  const groups = token_use === "access" ? [] : said[names.groupsClaim];
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
 * The client that a token was given to for itself (client credentials): such a token's subject is
 * the client (RFC 9068, 2.2), which Auth0 writes `client@clients`. A person's token names a client
 * too, and scopes that an application asked for: those give no role.
 */
const machineOf = (sub: string, client: string | undefined) =>
  client !== undefined && (sub === client || sub === `${client}@clients`) ? client : undefined;

/** Names that mean nothing here give nothing. */
const rolesOf = (names: readonly unknown[]): Role[] =>
  (["admin", "service"] as const).filter((role) => names.includes(role));
