import { useSignal } from "@preact/signals";
import type { Answer } from "../../client/index.ts";
import { newKey, wish } from "./api.ts";
import { ask, CallBox, type Deed, perform } from "./deeds.tsx";
import { Deliveries } from "./deliveries.tsx";
import { Field, Form, Switch } from "./fields.tsx";
import { Detail, Facts } from "./pieces.tsx";
import { set } from "./place.ts";

export type Webhook = Answer<"GET /api/v1/webhooks/{id}">;

const root = "/api/v1/webhooks";

/** What somebody writes about a webhook, as text. */
type Draft = { url: string; events: string; description: string };

const draftOf = ({ url, events, description }: Webhook): Draft => ({
  url,
  events: events.join(", "),
  description: description ?? "",
});

const bodyOf = ({ url, events, description }: Draft) => ({
  url: url.trim(),
  events: events.split(/[\s,]+/).filter(Boolean),
  description: description.trim() === "" ? null : description.trim(),
});

type FieldsGiven = { draft: Draft; alter(change: Partial<Draft>): void };

const WebhookFields = ({ draft, alter }: FieldsGiven) => (
  <>
    <Field
      name="Address"
      type="url"
      value={draft.url}
      change={(url) => alter({ url })}
      says="https on the open Internet; on this machine http://127.0.0.1 too"
    />
    <Field
      name="Events"
      value={draft.events}
      change={(events) => alter({ events })}
      says="Types such as gift.sent, with commas; * for all"
    />
    <Field
      name="What it is for"
      value={draft.description}
      change={(description) => alter({ description })}
    />
  </>
);

export function NewWebhook({ reload }: { reload(): void }) {
  const draft = useSignal<Draft>({ url: "", events: "*", description: "" });
  const key = useSignal(newKey());
  const secret = useSignal<string | undefined>(undefined);
  const { description, ...body } = bodyOf(draft.value);
  const deed: Deed = {
    title: "Make a webhook",
    verb: "Make it",
    wish: wish("POST", root, { ...body, ...(description !== null && { description }) }, key.value),
    done(made: { secret: string | null; url: string }) {
      secret.value = made.secret ?? undefined;
      key.value = newKey();
      reload();
      return `${made.url} is told of events from now on.`;
    },
  };
  return (
    <Detail title="New webhook" close={() => set({ id: "" })}>
      {secret.value !== undefined && <Secret text={secret.value} />}
      <Form name="New webhook" submit={() => void perform(deed)}>
        <WebhookFields
          draft={draft.value}
          alter={(change) => {
            draft.value = { ...draft.value, ...change };
          }}
        />
        <CallBox request={deed.wish} />
        <button type="submit" class="button primary" disabled={body.url === ""}>
          Make the webhook
        </button>
      </Form>
    </Detail>
  );
}

/** Shown once: nobody can read it again. */
const Secret = ({ text }: { text: string }) => (
  <div class="secret" role="status">
    <p>Its secret, which is shown this once. Keep it where your server checks signatures.</p>
    <code>{text}</code>
  </div>
);

type Given = { webhook: Webhook; took(webhook: Webhook): void; lost(): void };

/** What is sent where, what becomes of it, and how that is changed. */
export function WebhookDetail({ webhook, took, lost }: Given) {
  const secret = useSignal<string | undefined>(undefined);
  const sent = useSignal(0);
  const path = `${root}/${webhook.id}`;
  const enable = (enabled: boolean): Deed => ({
    title: enabled ? "Switch the webhook on" : "Switch the webhook off",
    verb: enabled ? "Switch on" : "Switch off",
    wish: wish("PATCH", path, { enabled }),
    done(changed: Webhook) {
      took(changed);
      return `${webhook.url} is ${enabled ? "told of events again" : "told nothing from now on"}.`;
    },
    undo: () => enable(!enabled),
  });
  const test: Deed = {
    title: "Send a test",
    verb: "Send",
    wish: wish("POST", `${path}/test`),
    done() {
      sent.value++;
      return `A webhook.test is on its way to ${webhook.url}.`;
    },
  };
  const rotate: Deed = {
    title: `Change the secret of ${webhook.url}`,
    warns: "For 24 hours both secrets sign; after that only the new one does.",
    verb: "Change the secret",
    wish: wish("POST", `${path}/rotate-secret`),
    done(rotated: { secret: string }) {
      secret.value = rotated.secret;
      return "The new secret is shown once, here.";
    },
  };
  const remove: Deed = {
    title: `Delete the webhook to ${webhook.url}`,
    warns: "What is pending is not sent any more, and the log of deliveries goes with it.",
    verb: "Delete",
    wish: wish("DELETE", path),
    done() {
      lost();
      return `${webhook.url} is told nothing any more.`;
    },
  };
  return (
    <Detail title={webhook.description ?? webhook.url} close={() => set({ id: "" })}>
      {secret.value !== undefined && <Secret text={secret.value} />}
      <Facts
        facts={[
          ["Address", <span key="url">{webhook.url}</span>],
          ["Events", webhook.events.join(", ")],
          ["Id", <code key="id">{webhook.id}</code>],
        ]}
      />
      <Switch
        name="Sends events"
        isOn={webhook.enabled}
        change={(isOn) => void perform(enable(isOn))}
      />
      <p class="buttons">
        <button type="button" class="button outlined" onClick={() => void perform(test)}>
          Send a test
        </button>
        <button type="button" class="button outlined" onClick={() => ask(rotate)}>
          New secret …
        </button>
        <button type="button" class="button danger" onClick={() => ask(remove)}>
          Delete …
        </button>
      </p>
      <ChangeWebhook webhook={webhook} took={took} />
      <Deliveries id={webhook.id} turn={sent.value} />
    </Detail>
  );
}

/** Only what was changed is sent. */
function ChangeWebhook({ webhook, took }: Omit<Given, "lost">) {
  const draft = useSignal(draftOf(webhook));
  const deedOf = (from: Webhook, to: Draft): Deed | undefined => {
    const before: Record<string, unknown> = bodyOf(draftOf(from));
    const changes = Object.fromEntries(
      Object.entries(bodyOf(to)).filter(([name, value]) => `${value}` !== `${before[name]}`),
    );
    if (Object.keys(changes).length === 0) return undefined;
    return {
      title: `Change the webhook to ${from.url}`,
      verb: "Save",
      wish: wish("PATCH", `${root}/${from.id}`, changes),
      done(changed: Webhook) {
        took(changed);
        draft.value = draftOf(changed);
        return `The webhook to ${changed.url} is changed.`;
      },
      undo: (changed: Webhook) => deedOf(changed, draftOf(from))!,
    };
  };
  const deed = deedOf(webhook, draft.value);
  return (
    <details>
      <summary class="link">Change where and what it sends</summary>
      <Form name="Change the webhook" submit={() => deed && void perform(deed)}>
        <WebhookFields
          draft={draft.value}
          alter={(change) => {
            draft.value = { ...draft.value, ...change };
          }}
        />
        {deed && <CallBox request={deed.wish} />}
        <button type="submit" class="button primary" disabled={deed === undefined}>
          Save
        </button>
      </Form>
    </details>
  );
}
