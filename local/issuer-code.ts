import { createHash, randomBytes } from "node:crypto";
import * as z from "zod";
import { BadRunnerRequest, checkBody } from "./bad-runner-request.ts";
import { isLoopback } from "./gateway/loopback.ts";
import type { RunnerRoute } from "./gateway/runner-routes.ts";

/** Authorization codes expire as Cognito's do. */
const codeMilliseconds = 5 * 60_000;
const codesMax = 1_000;
const tokenSeconds = 3600;

/** Codes are sent only to redirect URIs on this machine. */
const isOwn = (uri: string) => URL.canParse(uri) && isLoopback(new URL(uri).hostname);

/** The authorization request (RFC 6749, 4.1.1, and RFC 7636, 4.3). */
const AuthorizationRequest = z.object({
  response_type: z.literal("code"),
  client_id: z.string(),
  redirect_uri: z.string().max(500).refine(isOwn, "expected a URL of this machine"),
  state: z.string().max(500).optional(),
  nonce: z.string().max(500).optional(),
  code_challenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/, "expected a SHA-256 in base64url"),
  code_challenge_method: z.literal("S256"),
  login_hint: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "expected a subject")
    .optional(),
});

const CodeRequest = z.object({
  grant_type: z.literal("authorization_code"),
  code: z.string(),
  client_id: z.string(),
  redirect_uri: z.string(),
  code_verifier: z.string(),
});

/** A back end's token request (RFC 6749, 4.4.2). Any secret is accepted locally. */
const ClientCredentialsRequest = z.object({
  grant_type: z.literal("client_credentials"),
  client_id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "expected a client id"),
  client_secret: z.string().min(1),
  scope: z.string().max(500).optional(),
});

type Code = { ask: z.infer<typeof AuthorizationRequest>; until: number };

type Subject = { sub: string; groups: string[]; claims: Record<string, unknown> };

/** Signs in if the request has no `login_hint`. */
const defaultSubject = "admin";

type Made = {
  url: string;
  clientId: string;
  sign(request: Subject & { expiresIn: number }): Promise<{ token: string }>;
};

/**
 * The authorization code flow with PKCE, without a password. `login_hint` is the user who signs in;
 * the default is the administrator `admin`. A code can be redeemed once, within 5 minutes, and only
 * with its challenge's verifier.
 * https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 */
export function createCodeFlow({ url, clientId, sign }: Made): {
  metadata: Record<string, unknown>;
  routes: RunnerRoute[];
} {
  const codes = new Map<string, Code>();
  const metadata = {
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    response_types_supported: ["code"],
    grant_types_supported: ["authorization_code", "client_credentials"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none", "client_secret_post"],
    scopes_supported: ["openid", "profile"],
  };

  function authorize(query: URLSearchParams) {
    const ask = checkBody(AuthorizationRequest, Object.fromEntries(query));
    if (ask.client_id !== clientId) throw new BadRunnerRequest([`client_id: expected ${clientId}`]);
    if (codes.size >= codesMax) codes.clear();
    const code = randomBytes(24).toString("base64url");
    codes.set(code, { ask, until: Date.now() + codeMilliseconds });
    const back = new URL(ask.redirect_uri);
    back.searchParams.set("code", code);
    if (ask.state !== undefined) back.searchParams.set("state", ask.state);
    return { status: 302, headers: [["location", back.href]] as [string, string][] };
  }

  /** The client credentials grant: the client is its token's subject (RFC 9068, 2.2). */
  async function grant({ client_id, scope }: z.infer<typeof ClientCredentialsRequest>) {
    const claims = { client_id, token_use: "access", ...(scope !== undefined && { scope }) };
    const request = { sub: client_id, groups: [], claims, expiresIn: tokenSeconds };
    const { token } = await sign(request);
    const body = { access_token: token, token_type: "Bearer", expires_in: tokenSeconds };
    return { status: 200, body };
  }

  /** The token endpoint. Errors have the form of RFC 6749, 5.2. */
  async function redeem(body: unknown) {
    const machine = ClientCredentialsRequest.safeParse(body);
    if (machine.success) return grant(machine.data);
    const checked = CodeRequest.safeParse(body);
    if (!checked.success) return { status: 400, body: { error: "invalid_request" } };
    const { code, client_id, redirect_uri, code_verifier } = checked.data;
    const found = codes.get(code);
    codes.delete(code);
    const challenge = createHash("sha256").update(code_verifier).digest("base64url");
    const isGood =
      found !== undefined &&
      found.until > Date.now() &&
      found.ask.client_id === client_id &&
      found.ask.redirect_uri === redirect_uri &&
      found.ask.code_challenge === challenge;
    if (!isGood) {
      const error_description = "the code is unknown, used, too old or not this page's";
      return { status: 400, body: { error: "invalid_grant", error_description } };
    }
    const { login_hint: sub = defaultSubject, nonce } = found.ask;
    const claims = nonce === undefined ? {} : { nonce };
    const groups = sub === defaultSubject ? ["admin"] : [];
    const { token } = await sign({ sub, groups, claims, expiresIn: tokenSeconds });
    return {
      status: 200,
      body: {
        id_token: token,
        access_token: token,
        token_type: "Bearer",
        expires_in: tokenSeconds,
      },
    };
  }

  return {
    metadata,
    routes: [
      {
        method: "GET",
        path: "/local/issuer/authorize",
        handler: ({ query }) => authorize(query),
      },
      { method: "POST", path: "/local/issuer/token", handler: ({ body }) => redeem(body) },
    ],
  };
}
