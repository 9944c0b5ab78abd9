import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import * as z from "zod";
import { BadRunnerRequest, checkBody } from "./bad-runner-request.ts";
import type { RunnerRoute } from "./gateway/runner-routes.ts";
import { createCodeFlow } from "./issuer-code.ts";

export type Issuer = {
  /** The `iss` of its tokens. */
  url: string;
  audience: string;
  jwksUrl: string;
  routes: RunnerRoute[];
  /** Signs a token for a subject, valid for `expiresIn` seconds, which may be negative. */
  sign(request: TokenRequest): Promise<{ token: string; expiresAt: string }>;
};

type IssuerOptions = {
  /** The `iss` of its tokens and the base URL of its keys, without a trailing slash. */
  url: string;
  /** Directory of the signing key; undefined keeps the key in memory. */
  directory?: string;
  /** Raises the subject's balance to `credits`; without it, requests with `credits` are refused. */
  topUp?(request: TokenRequest, credits: number): Promise<void>;
};

const tokenSecondsMax = 366 * 24 * 3600;
/** The largest amount of one top-up. */
const creditsMax = 1_000_000_000;
const isPlain = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const TokenRequest = z.object({
  sub: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "expected 1 to 64 characters of A-Z a-z 0-9 _ -"),
  groups: z.array(z.string().max(128)).max(100).default([]),
  claims: z
    .custom<Record<string, unknown>>(isPlain, "expected an object")
    .refine((claims) => JSON.stringify(claims).length <= 8192, "expected at most 8,192 characters")
    .default({}),
  expiresIn: z.int().min(-tokenSecondsMax).max(tokenSecondsMax).default(3600),
  credits: z.int().min(0).max(creditsMax).optional(),
});
export type TokenRequest = z.input<typeof TokenRequest>;

/** Claims with a person's name; if none is present, the subject is used as the name. */
const nameClaims = ["preferred_username", "given_name", "family_name"];

const audience = "ovation";

/**
 * Creates an OpenID Connect issuer for local use. It signs any claims on request, so it listens on
 * loopback only and exists in no deployed stage. Its RS256 key is stored with the data, so tokens
 * survive a restart; a new directory gets a new key.
 * https://openid.net/specs/openid-connect-discovery-1_0.html
 */
export async function createIssuer({ url, directory, topUp }: IssuerOptions): Promise<Issuer> {
  const privateJwk = await readOrCreateKey(directory);
  const { kty, n, e, kid = "" } = privateJwk;
  const publicJwk = { kty, n, e, kid, alg: "RS256", use: "sig" };
  const key = await importJWK(privateJwk, "RS256");
  const jwksUrl = `${url}/.well-known/jwks.json`;

  const sign: Issuer["sign"] = async (request) => {
    const { sub, groups, claims, expiresIn } = TokenRequest.parse(request);
    const now = Math.floor(Date.now() / 1000);
    const isNamed = nameClaims.some((name) => Object.hasOwn(claims, name));
    const payload: Record<string, unknown> = {
      iss: url,
      sub,
      aud: audience,
      token_use: "id",
      iat: now,
      exp: now + expiresIn,
      jti: randomUUID(),
      "cognito:groups": groups,
      ...(isNamed ? {} : { preferred_username: sub, given_name: sub }),
      ...claims,
    };
    for (const [name, value] of Object.entries(payload)) if (value === null) delete payload[name];
    const header = { alg: "RS256", kid, typ: "JWT" };
    const token = await new SignJWT(payload).setProtectedHeader(header).sign(key);
    return { token, expiresAt: new Date((now + expiresIn) * 1000).toISOString() };
  };

  const codeFlow = createCodeFlow({ url, clientId: audience, sign });
  return {
    url,
    audience,
    jwksUrl,
    sign,
    routes: [
      {
        method: "GET",
        path: "/local/issuer/.well-known/openid-configuration",
        handler: () => ({
          status: 200,
          body: {
            issuer: url,
            jwks_uri: jwksUrl,
            ...codeFlow.metadata,
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
          },
        }),
      },
      ...codeFlow.routes,
      {
        method: "GET",
        path: "/local/issuer/.well-known/jwks.json",
        handler: () => ({ status: 200, body: { keys: [publicJwk] } }),
      },
      {
        method: "POST",
        path: "/local/token",
        async handler({ body }) {
          const request = checkBody(TokenRequest, body);
          const { credits } = request;
          if (credits !== undefined && topUp === undefined)
            throw new BadRunnerRequest(["credits: this system has no wallets"]);
          if (credits !== undefined) await topUp?.(request, credits);
          return { status: 201, body: await sign(request) };
        },
      },
    ],
  };
}

async function readOrCreateKey(directory: string | undefined): Promise<JWK> {
  const file = directory === undefined ? undefined : join(directory, "issuer-key.json");
  if (file !== undefined && existsSync(file)) {
    chmodSync(file, 0o600);
    const text = readFileSync(file, "utf8");
    try {
      return JSON.parse(text) as JWK;
    } catch {
      // The file is incomplete if a start was killed while it wrote, or if the disk was full.
    }
  }
  const pair = await generateKeyPair("RS256", { extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  const whole = { ...jwk, kid: await calculateJwkThumbprint(jwk) };
  if (directory !== undefined && file !== undefined) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify(whole), { mode: 0o600 });
    chmodSync(file, 0o600);
  }
  return whole;
}

/** SSM parameters that point functions to the local issuer if the stage names no other. */
export const parametersOf = (stageName: string, { url, audience, jwksUrl }: Issuer) => ({
  [`/ovation/${stageName}/issuer`]: url,
  [`/ovation/${stageName}/audience`]: audience,
  [`/ovation/${stageName}/jwks`]: jwksUrl,
});
