import { signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { bindSignal } from "../draft.ts";
import { nameOfDemoUser } from "../runner.ts";
import { Tabs } from "../tabs.tsx";
import {
  type Answer,
  clientCallOf,
  curlLineOf,
  type Filled,
  filledOf,
  renewKey,
  send,
} from "./call.ts";
import { Code } from "./code.tsx";
import type { Operation } from "./document.ts";
import { Icon } from "./icons.ts";
import { callerOf, demoUsers, pastedToken, stage, tokenInShell, tokenOf } from "./router.ts";
import type { Schemas } from "./schema.ts";

type Result = { answer: Answer } | { errorText: string } | "waiting" | undefined;

const languages = ["curl", "TypeScript"] as const;
/** The language of all examples on the page. */
const language = signal<(typeof languages)[number]>("curl");

/** The call in each language; the reader's choice applies to all calls. */
function Example({ curl, typescript }: { curl: string; typescript: string | undefined }) {
  const isTypeScript = language.value === "TypeScript";
  if (typescript === undefined) return <Code title="curl" text={curl} copies="Copy as curl" />;
  return (
    <Code
      title={
        <Tabs label="Language" class="languages" names={languages} {...bindSignal(language)} />
      }
      text={isTypeScript ? typescript : curl}
      copies={isTypeScript ? "Copy" : "Copy as curl"}
    />
  );
}

/** A call to fill in, send, and copy as a command. */
export function TryIt({ operation, schemas }: { operation: Operation; schemas: Schemas }) {
  const isOpen = useSignal(false);
  const changed = useSignal<Filled | undefined>(undefined);
  const first = useMemo(() => filledOf(operation, schemas), [operation, schemas]);
  const filled = changed.value ?? first;
  const isSigned = operation.security.length > 0;
  const user = callerOf(operation);
  const isChange = operation.method !== "GET" && demoUsers.value === undefined;
  return (
    <div class="try">
      <Example
        curl={curlLineOf(operation, filled, isSigned ? tokenInShell(user) : undefined)}
        typescript={clientCallOf(operation, filled)}
      />
      {isChange && stage === "prod" && (
        <p class="warning" role="note">
          <Icon name="warning" /> This is production: the call changes real data.
        </p>
      )}
      {operation.files ? (
        <p class="quiet">
          This endpoint takes multipart form data. Replace picture.png with your file.
        </p>
      ) : operation.tag === "Tencent" && demoUsers.value === undefined ? (
        <p class="quiet">Tencent commands have their own URL and a signature instead of a token.</p>
      ) : (
        <button
          type="button"
          class="button primary"
          aria-expanded={isOpen.value}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          <Icon name="play" /> Try it
        </button>
      )}
      {isOpen.value && (
        <Form
          operation={operation}
          filled={filled}
          change={(to) => {
            changed.value = to;
          }}
          renew={() => {
            changed.value = renewKey(operation, changed.peek() ?? first);
          }}
          says={isSigned ? (user ? `As ${nameOfDemoUser(user)}` : pastedSays()) : "Without a token"}
          token={async () => (isSigned ? await tokenOf(user) : undefined)}
        />
      )}
    </div>
  );
}

const pastedSays = () =>
  pastedToken.value.trim() === "" ? "Paste a token at the top first" : "With the token at the top";

type FormProps = {
  operation: Operation;
  filled: Filled;
  change: (to: Filled) => void;
  /** Prepares the next call, with what was typed during the last one. */
  renew: () => void;
  says: string;
  token: () => Promise<string | undefined>;
};

function Form({ operation, filled, change, renew, says, token }: FormProps) {
  const result = useSignal<Result>(undefined);
  const submit = async () => {
    result.value = "waiting";
    try {
      const answer = await send(operation, filled, await token());
      result.value = { answer };
      if (answer.status < 400) renew();
    } catch (error) {
      result.value = { errorText: (error as Error).message };
    }
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (result.peek() !== "waiting") void submit();
      }}
    >
      <Fields operation={operation} filled={filled} change={change} />
      <div class="sending">
        <button type="submit" class="button primary" aria-disabled={result.value === "waiting"}>
          Send
        </button>
        <span class="quiet">{says}</span>
      </div>
      <div aria-live="polite">
        <Outcome result={result.value} />
      </div>
    </form>
  );
}

function Fields({ operation, filled, change }: Pick<FormProps, "operation" | "filled" | "change">) {
  return (
    <>
      {(operation.parameters ?? []).map(({ name, required }) => (
        <label key={name} class="field">
          <span>
            {name} {!required && <span class="quiet">optional</span>}
          </span>
          <input
            value={filled.values[name] ?? ""}
            required={required ?? false}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget: { value } }) =>
              change({ ...filled, values: { ...filled.values, [name]: value } })
            }
          />
        </label>
      ))}
      {operation.body && (
        <label class="field">
          <span>Body</span>
          <textarea
            rows={Math.min(16, filled.body.split("\n").length + 1)}
            spellcheck={false}
            value={filled.body}
            onInput={({ currentTarget: { value } }) => change({ ...filled, body: value })}
          />
        </label>
      )}
    </>
  );
}

function Outcome({ result }: { result: Result }) {
  if (result === undefined) return null;
  if (result === "waiting") return <p class="quiet">Waiting for the response…</p>;
  if ("errorText" in result)
    return <p class="bad">No response: {result.errorText}. Is the server running?</p>;
  const { status, milliseconds, code, text } = result.answer;
  return (
    <>
      <p class="outcome">
        <strong class={status < 400 ? "good" : "bad"}>{status}</strong>{" "}
        {code !== null && <code>{code}</code>} <span class="quiet number">{milliseconds} ms</span>
      </p>
      {text !== "" && <Code title="Response" text={text} copies="Copy" />}
    </>
  );
}
