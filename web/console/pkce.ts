/** The pure part of the authorization code flow with PKCE (RFC 7636, OpenID Connect Core). */

/** The issuer and client to sign in with: `GET /api/v1/sign-in`. */
export type Issuer = {
  issuer: string;
  clientId: string;
  authorizationEndpoint: string | null;
  scope: string;
  groupsClaim: string;
};

/** What the page stores while the user signs in at the issuer. */
export type Pending = { state: string; nonce: string; verifier: string; redirectUri: string };

export type Claims = { sub: string; exp: number } & Record<string, unknown>;

const encode = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const chance = () => encode(crypto.getRandomValues(new Uint8Array(32)));

/** New secrets for one sign-in, 256 bits each. */
export const beginPending = (redirectUri: string): Pending => ({
  state: chance(),
  nonce: chance(),
  verifier: chance(),
  redirectUri,
});

/** The URL of the issuer's sign-in page. Needs a secure context (https or localhost). */
export async function authorizationUrl(issuer: Issuer, pending: Pending): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
  const url = new URL(issuer.authorizationEndpoint!);
  const asked = {
    response_type: "code",
    client_id: issuer.clientId,
    redirect_uri: pending.redirectUri,
    scope: issuer.scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: encode(new Uint8Array(digest)),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return url.href;
}

/** A redirect or a token that cannot be used; the message is for the user. */
export class SignInFailed extends Error {}

/**
 * The authorization code in the URL; undefined if this page was not opened by a redirect. Throws
 * `SignInFailed` for a redirect that does not match the pending sign-in, and for the issuer's
 * errors.
 */
export function codeIn(query: URLSearchParams, pending: Pending | undefined): string | undefined {
  const [code, state, error] = ["code", "state", "error"].map((name) => query.get(name));
  if (state === null || (code === null && error === null)) return undefined;
  if (pending === undefined || state !== pending.state)
    throw new SignInFailed(
      "This sign-in was not started in this tab, or a newer one replaced it. Sign in again.",
    );
  if (error !== null)
    throw new SignInFailed(`Sign-in failed: ${query.get("error_description") ?? error}`);
  return code!;
}

/** The claims of a token; undefined if it is malformed. The API verifies its signature. */
export function claimsOf(token: string): Claims | undefined {
  try {
    const middle = token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(middle), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims.sub === "string" && typeof claims.exp === "number" ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** The claims of an ID token that belongs to this sign-in (OpenID Connect Core, 3.1.3.7). */
export function checkIdToken(token: string, issuer: Issuer, pending: Pending): Claims {
  const claims = claimsOf(token);
  if (claims === undefined) throw new SignInFailed("The issuer's token cannot be read.");
  if (claims.nonce !== pending.nonce)
    throw new SignInFailed("The token belongs to another sign-in.");
  if (claims.iss !== issuer.issuer) throw new SignInFailed("The token is from another issuer.");
  if (![claims.aud].flat().includes(issuer.clientId))
    throw new SignInFailed("The token is for another application.");
  return claims;
}

/** The groups in a token: a list or, from some issuers, a single string. */
export function groupsIn(claims: Claims, claim: string): string[] {
  const groups = claims[claim];
  if (typeof groups === "string") return groups.split(/[ ,]+/);
  return Array.isArray(groups) ? groups.map(String) : [];
}
