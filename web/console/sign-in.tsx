import { useSignal } from "@preact/signals";
import { Mark } from "../mark.tsx";
import type { Player } from "../runner.ts";
import { Field, Form } from "./fields.tsx";
import { Icon } from "./icons.ts";
import { becomePlayer, goToIssuer, isLocal, issuer, take, trouble } from "./session.ts";

/** The people of the demo who look after it. */
const players: (Player & { says: string })[] = [
  {
    sub: "admin",
    groups: ["admin"],
    claims: { preferred_username: "admin", given_name: "Ada", family_name: "Admin" },
    says: "Ada Admin, who may do everything",
  },
  {
    sub: "moderator",
    claims: { preferred_username: "deniz.kaya", given_name: "Deniz", family_name: "Kaya" },
    says: "Deniz Kaya, a moderator of the demo stream",
  },
];

const attempt = (work: () => Promise<void> | void) =>
  Promise.resolve()
    .then(work)
    .catch((error: unknown) => {
      trouble.value = error instanceof Error ? error.message : String(error);
    });

/** The door: the stage's issuer, on this machine also a click, and a token that one has. */
export function SignIn() {
  const hasIssuer = issuer.value !== undefined && issuer.value.authorizationEndpoint !== null;
  return (
    <main class="door">
      <Mark />
      <h1>Console</h1>
      {trouble.value !== undefined && (
        <p class="refusal" role="alert">
          <Icon name="warning" size={20} /> {trouble.value}
        </p>
      )}
      {isLocal.value && (
        <section class="card" aria-label="People of this machine">
          <h2>On this machine, sign in as</h2>
          {players.map(({ says, ...player }) => (
            <button
              key={player.sub}
              type="button"
              class="button outlined"
              onClick={() => void attempt(() => becomePlayer(player))}
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
          Sign in with the stage's issuer
        </button>
      )}
      {issuer.value !== undefined && !hasIssuer && (
        <p class="quiet">
          The issuer of this stage, <code>{issuer.value.issuer}</code>, has no page to sign in on.
          Take a token from your application and paste it here.
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
      <summary class="link">Use a token that you have</summary>
      <Form name="Token" submit={() => void attempt(() => take(token.value.trim()))}>
        <Field
          name="Token"
          value={token.value}
          change={(value) => {
            token.value = value;
          }}
          says="A JWT of this stage. It stays in this tab and ends with it."
        />
        <button type="submit" class="button primary" disabled={token.value.trim() === ""}>
          Go in
        </button>
      </Form>
    </details>
  );
}
