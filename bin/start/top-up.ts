import { randomUUID } from "node:crypto";
import type { System } from "../../local/index.ts";
import type { TokenRequest } from "../../local/issuer.ts";

const tokenSeconds = 60;

/** Claims of a profile; others may be wrong on purpose and are not used in our own call. */
const profileClaims = new Set(["preferred_username", "given_name", "family_name", "picture"]);

/**
 * Tops the subject's wallet up to `credits`, through the route that an app's own server uses; a
 * sufficient balance is left unchanged. Rejects with the API's refusal.
 */
export async function topUp(
  { sub, claims = {} }: TokenRequest,
  credits: number,
  { url, issuer }: Pick<System, "url" | "issuer">,
): Promise<void> {
  const named = Object.entries(claims).filter(([name]) => profileClaims.has(name));
  const sign = async (subject: string, groups: string[], own: Record<string, unknown> = {}) =>
    (await issuer.sign({ sub: subject, groups, claims: own, expiresIn: tokenSeconds })).token;
  // Reading the wallet creates the user, with the requested names.
  const wallet = `${url}/api/v1/wallet`;
  const { balance } = await call<{ balance: number }>(
    wallet,
    await sign(sub, [], Object.fromEntries(named)),
  );
  if (balance >= credits) return;
  const reference = `local-${randomUUID()}`;
  await call(`${url}/api/v1/wallets/${sub}/top-ups`, await sign("runner", ["service"]), {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": reference },
    body: JSON.stringify({ amount: credits - balance, reference }),
  });
}

async function call<Data>(url: string, token: string, init: RequestInit = {}): Promise<Data> {
  const headers = { ...init.headers, authorization: `Bearer ${token}` };
  const answer = await fetch(url, { ...init, headers });
  const { data, errors } = (await answer.json()) as { data: Data; errors?: string[] };
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${errors?.join("; ")}`);
  return data;
}
