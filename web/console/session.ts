import { computed, signal } from "@preact/signals";
import { createClient } from "../../client/index.ts";
import { type Player, tokensOf } from "../runner.ts";
import {
  authorizationUrl,
  beginPending,
  type Claims,
  checkIdToken,
  claimsOf,
  codeIn,
  groupsIn,
  type Issuer,
  type Pending,
  SignInFailed,
} from "./pkce.ts";

/** Who is signed in. The token is kept for this tab alone, and never beyond it. */
export const session = signal<{ token: string; claims: Claims } | undefined>(undefined);
export const issuer = signal<Issuer | undefined>(undefined);
/** Why the last sign-in failed. */
export const signInError = signal<string | undefined>(undefined);

export const isAdmin = computed(
  () =>
    session.value !== undefined &&
    issuer.value !== undefined &&
    groupsIn(session.value.claims, issuer.value.groupsClaim).includes("admin"),
);
export const ownId = computed(() => session.value?.claims.sub ?? "");

/** The issuer of the runner is below `/local`, and there people sign in by a click. */
export const isLocal = computed(
  () => issuer.value !== undefined && new URL(issuer.value.issuer).pathname === "/local/issuer",
);

const names = { token: "ovation.console.token", pending: "ovation.console.pending" };
const redirectUri = () => `${location.origin}/console`;

/** A socket that never opens: the console calls, and listens to nothing. */
export class NoSocket {
  readyState = 0;
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;
  send(): void {}
  close(): void {}
}

const anonymous = createClient({
  url: location.origin,
  token: () => "",
  WebSocket: NoSocket,
});

/** Takes a token as it is; says what is wrong with one that cannot be used. */
export function take(token: string): void {
  const claims = claimsOf(token);
  if (claims === undefined) throw new SignInFailed("This is no token: expected a JWT.");
  if (claims.exp * 1000 <= Date.now()) throw new SignInFailed("This token has expired.");
  sessionStorage.setItem(names.token, token);
  signInError.value = undefined;
  session.value = { token, claims };
}

/** Ends the session, with the reason where it was not asked for. */
export function leave(reason?: string): void {
  sessionStorage.removeItem(names.token);
  session.value = undefined;
  signInError.value = reason;
}

/** Redirects this tab to the issuer, which redirects back with a code. */
export async function goToIssuer(): Promise<void> {
  const pending = beginPending(redirectUri());
  sessionStorage.setItem(names.pending, JSON.stringify(pending));
  location.assign(await authorizationUrl(issuer.value!, pending));
}

function takePending(): Pending | undefined {
  const kept = sessionStorage.getItem(names.pending);
  sessionStorage.removeItem(names.pending);
  return kept === null ? undefined : JSON.parse(kept);
}

/** Ends a sign-in that was begun at the issuer, if this page was led back from it. */
async function finish(): Promise<void> {
  const query = new URLSearchParams(location.search);
  if (!query.has("state")) return;
  // Neither a code nor a state stays in the address or in the history.
  history.replaceState(null, "", location.pathname);
  const pending = takePending();
  const code = codeIn(query, pending);
  if (code === undefined || pending === undefined) return;
  const { token } = await anonymous.call("POST /api/v1/sign-in", {
    body: { code, codeVerifier: pending.verifier, redirectUri: pending.redirectUri },
  });
  // The first answer was lost, and a code is good once.
  if (token === null) throw new SignInFailed("The answer to the sign-in was lost. Sign in again.");
  checkIdToken(token, issuer.value!, pending);
  take(token);
}

/** Finds out who is there, from the issuer's answer or from this tab's memory. */
export async function beginSession(): Promise<void> {
  try {
    issuer.value = await anonymous.call("GET /api/v1/sign-in");
    await finish();
    const kept = sessionStorage.getItem(names.token);
    if (session.value === undefined && kept !== null) take(kept);
  } catch (error) {
    leave(error instanceof Error ? error.message : String(error));
  }
}

/** Signs a person of this machine in. */
export async function signInAsDemoUser(player: Player): Promise<void> {
  take(await tokensOf(player)());
}
