import * as z from "zod";
import type { SignedIn, SignInCode } from "../../domain/people/sign-in.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { cached } from "../runtime/cached.ts";
import { setting } from "../runtime/env.ts";
import { logNotice } from "../runtime/log.ts";
import { callIssuer } from "./issuer.ts";

const bytesMax = 64 * 1024;
const metadataLifeMilliseconds = 10 * 60_000;
const unreadableLifeMilliseconds = 30_000;
const defaultSeconds = 3600;
const problemLengthMax = 200;

const Metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url().optional(),
  token_endpoint: z.url().optional(),
});
type Metadata = Partial<z.infer<typeof Metadata>>;

/** Whether the issuer may soon respond differently: it fails, or limits the rate of calls. */
const isTransient = (status: number) => status >= 500 || status === 429;

/** The issuer's metadata is unreadable, or another issuer's. */
class Unreadable extends Error {}

/** Cached for ten minutes. */
const readMetadata = cached(metadataLifeMilliseconds, async (): Promise<Metadata> => {
  const issuer = setting("ISSUER");
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { status, text } = await ask(address);
  if (isTransient(status)) refuse("unavailable");
  const { data } = Metadata.safeParse(parse(text));
  if (status !== 200 || data?.issuer !== issuer) throw new Unreadable();
  return data;
});

/**
 * The issuer's metadata (OpenID Connect Discovery 1.0); empty if it is unreadable or names another
 * issuer, which is checked again after half a minute. Refuses with `unavailable` while the issuer
 * does not respond.
 */
export const findMetadata = cached(unreadableLifeMilliseconds, async (now): Promise<Metadata> => {
  try {
    return await readMetadata(now);
  } catch (error) {
    if (error instanceof Unreadable) return {};
    throw error;
  }
});

/**
 * Redeems a code at the issuer for an ID token, as the public client that its audience names: the
 * verifier proves the caller's right to it. Refuses with `sign_in_failed` and the issuer's reason,
 * with `sign_in_unavailable` if the issuer accepts no codes, and with `unavailable` while it does
 * not respond.
 */
export async function redeemCode(
  { code, codeVerifier, redirectUri }: SignInCode,
  now: Date,
): Promise<SignedIn> {
  const { token_endpoint: address } = await findMetadata(now);
  if (address === undefined) refuse("sign_in_unavailable");
  const { status, text } = await ask(address, {
    grant_type: "authorization_code",
    client_id: setting("AUDIENCE")[0]!,
    code,
    code_verifier: codeVerifier,
    redirect_uri: redirectUri,
  });
  if (isTransient(status)) refuse("unavailable");
  const reply = parse(text) as Record<string, unknown> | undefined;
  if (status !== 200) refuse("sign_in_failed", { problem: problemOf(reply) });
  if (typeof reply?.id_token !== "string")
    refuse("sign_in_failed", { problem: "there is no ID token" });
  const given = lifetimeOf(reply.id_token) ?? Number(reply.expires_in ?? defaultSeconds);
  const seconds = Math.floor(given);
  return { token: reply.id_token, expiresIn: seconds >= 0 ? seconds : defaultSeconds };
}

const Dated = z.object({ iat: z.number(), exp: z.number() });

/**
 * A token's lifetime in seconds, by its own claims; undefined if they are unreadable. The issuer's
 * `expires_in` is the access token's (RFC 6749, 5.1), which may live longer than the ID token.
 */
function lifetimeOf(token: string): number | undefined {
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
  const { data } = Dated.safeParse(parse(payload));
  return data && data.exp - data.iat;
}

/** The reason of RFC 6749, 5.2, as far as users may see it. */
function problemOf(reply: Record<string, unknown> | undefined): string {
  const problem = reply?.error_description ?? reply?.error;
  const text = typeof problem === "string" ? problem : "the code was not taken";
  return text.replace(/[^\x20-\x7e]/g, " ").slice(0, problemLengthMax);
}

async function ask(address: string, form?: Record<string, string>) {
  try {
    return await callIssuer(new URL(address), bytesMax, form);
  } catch (error) {
    logNotice("The issuer did not respond", { reason: String(error) });
    throw new Refusal("unavailable");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
