import { computed, signal } from "@preact/signals";
import { createClient } from "../../client/index.ts";
import { keepDrafts, takeDrafts } from "../kept-drafts.ts";
import { type DemoUser, tokensOf } from "../runner.ts";
import { serverNow, timed } from "../server-time.ts";
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

/** The signed-in user. The token is stored for this tab only, and until it expires. */
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

/** Whether this is `npm start`, whose issuer is below `/local`: users sign in with a click. */
export const isLocal = computed(
  () => issuer.value !== undefined && new URL(issuer.value.issuer).pathname === "/local/issuer",
);

/** A pending sign-in, and the view to return to. */
type Kept = Pending & { search: string };

const names = { token: "ovation.console.token", pending: "ovation.console.pending" };
const redirectUri = () => `${location.origin}/console`;

/** A socket that never opens: this client only makes calls. */
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
  fetch: timed(),
});

/** Signs in with a token; throws if it cannot be used. */
export function signInWithToken(token: string): void {
  const claims = claimsOf(token);
  if (claims === undefined) throw new SignInFailed("This is not a JWT. Paste the whole token.");
  if (claims.exp * 1000 <= serverNow()) throw new SignInFailed("This token has expired.");
  sessionStorage.setItem(names.token, token);
  takeDrafts(claims.sub);
  signInError.value = undefined;
  session.value = { token, claims };
}

/** Keeps what is entered in forms, for the next session of the user or after a reload. */
function keepForms(): void {
  if (session.peek() !== undefined) keepDrafts(ownId.peek());
}
addEventListener("pagehide", keepForms);

/** Ends the session, with a reason if the user did not ask for it. */
export function endSession(reason?: string): void {
  if (reason !== undefined) keepForms();
  sessionStorage.removeItem(names.token);
  session.value = undefined;
  signInError.value = reason;
}

/** Redirects this tab to the issuer, which redirects back with a code. */
export async function goToIssuer(): Promise<void> {
  const begun = beginPending(redirectUri());
  const kept: Kept = { ...begun, search: location.search };
  sessionStorage.setItem(names.pending, JSON.stringify(kept));
  location.assign(await authorizationUrl(issuer.value!, begun));
}

/** The pending sign-in with this state. It stays pending if a redirect has another state. */
function takePending(state: string | null): Kept | undefined {
  const text = sessionStorage.getItem(names.pending);
  const kept: Kept | undefined = text === null ? undefined : JSON.parse(text);
  if (kept?.state !== state) return undefined;
  sessionStorage.removeItem(names.pending);
  return kept;
}

const query = new URLSearchParams(location.search);
const pending = takePending(query.get("state"));
// Removes code and state from the URL and the history before anything else reads them.
if (query.has("state")) history.replaceState(null, "", location.pathname + (pending?.search ?? ""));

/** Completes a sign-in if the issuer redirected to this page. */
async function finish(): Promise<void> {
  const code = codeIn(query, pending);
  if (code === undefined || pending === undefined) return;
  const { token } = await anonymous.call("POST /api/v1/sign-in", {
    body: { code, codeVerifier: pending.verifier, redirectUri: pending.redirectUri },
  });
  // The first response was lost, and a code is valid only once.
  if (token === null) throw new SignInFailed("The sign-in response was lost. Sign in again.");
  checkIdToken(token, issuer.value!, pending);
  signInWithToken(token);
}

/** Restores the session, from the issuer's redirect or from this tab's storage. */
export async function beginSession(): Promise<void> {
  try {
    issuer.value = await anonymous.call("GET /api/v1/sign-in");
    const kept = sessionStorage.getItem(names.token);
    // Any site can link to an invented redirect: that must not end a session.
    if (kept === null || query.get("state") === pending?.state) await finish();
    if (session.value === undefined && kept !== null) signInWithToken(kept);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // If only the API does not answer, the token stays for the next reload.
    if (error instanceof SignInFailed) endSession(reason);
    else signInError.value = reason;
  }
}

/** Signs in a demo user of this machine. */
export async function signInAsDemoUser(user: DemoUser): Promise<void> {
  signInWithToken(await tokensOf(user)());
}
