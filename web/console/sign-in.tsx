import { useSignal } from "@preact/signals";
import { bindSignal } from "../draft.ts";
import { Field } from "../host/fields.tsx";
import { Logo } from "../logo.tsx";
import type { DemoUser } from "../runner.ts";
import { PlainForm } from "./form.tsx";
import { Icon } from "./icons.ts";
import {
  goToIssuer,
  isLocal,
  issuer,
  signInAsDemoUser,
  signInError,
  signInWithToken,
} from "./session.ts";

/** The demo users who have something to manage. */
const demoUsers: (DemoUser & { says: string })[] = [
  {
    sub: "admin",
    groups: ["admin"],
    claims: { preferred_username: "admin", given_name: "Ada", family_name: "Admin" },
    says: "Ada Admin (admin)",
  },
  {
    sub: "64d15f9e2e6c8f4d5a123457",
    claims: { preferred_username: "host", given_name: "Demo", family_name: "Host" },
    says: "Demo Host (host)",
  },
  {
    sub: "moderator",
    claims: { preferred_username: "deniz.kaya", given_name: "Deniz", family_name: "Kaya" },
    says: "Deniz Kaya (moderator)",
  },
];

let isTrying = false;

/** Signs in, once at a time: a second session would close the sockets of the first. */
async function attempt(work: () => Promise<void> | void): Promise<void> {
  if (isTrying) return;
  isTrying = true;
  try {
    await work();
  } catch (error) {
    signInError.value = error instanceof Error ? error.message : String(error);
  } finally {
    isTrying = false;
  }
}

/** Sign-in: with the stage's issuer, a pasted token or, locally, as a demo user. */
export function SignIn() {
  const hasIssuer = issuer.value !== undefined && issuer.value.authorizationEndpoint !== null;
  return (
    <main class="sign-in">
      <Logo />
      <h1>Console</h1>
      {signInError.value !== undefined && (
        <p class="refusal" role="alert">
          <Icon name="warning" size={20} /> {signInError.value}
        </p>
      )}
      {isLocal.value && (
        <section class="card" aria-label="Local users">
          <h2>Sign in as a local user</h2>
          {demoUsers.map(({ says, ...user }) => (
            <button
              key={user.sub}
              type="button"
              class="button outlined"
              onClick={() => void attempt(() => signInAsDemoUser(user))}
            >
              {says}
            </button>
          ))}
        </section>
      )}
      {hasIssuer && (
        <button
          type="button"
          class={`button ${isLocal.value ? "outlined" : "primary"}`}
          onClick={() => void attempt(goToIssuer)}
        >
          Sign in with SSO
        </button>
      )}
      {issuer.value !== undefined && !hasIssuer && (
        <p class="quiet">
          <code>{issuer.value.issuer}</code> has no sign-in page. Paste a token from your
          application.
        </p>
      )}
      <PasteToken isOpen={issuer.value !== undefined && !hasIssuer} />
    </main>
  );
}

function PasteToken({ isOpen }: { isOpen: boolean }) {
  const token = useSignal("");
  return (
    <details open={isOpen}>
      <summary class="link">Sign in with a token</summary>
      <PlainForm
        name="Token"
        submit={() => void attempt(() => signInWithToken(token.value.trim()))}
      >
        <Field
          name="Token"
          {...bindSignal(token)}
          says="A JWT for this stage, kept in this tab only"
        />
        <button type="submit" class="button primary" disabled={token.value.trim() === ""}>
          Sign in
        </button>
      </PlainForm>
    </details>
  );
}
