import { signal, useSignal } from "@preact/signals";
import type { CallResult } from "../../client/index.ts";
import { CopyButton } from "../copy-button.tsx";
import { savedDraft, updaterOf } from "../draft.ts";
import { Switch } from "../host/chat-settings.tsx";
import { Field } from "../host/fields.tsx";
import { useDraft } from "../kept-drafts.ts";
import type { Keys } from "../new-key.ts";
import { type Action, ask, perform } from "./actions.tsx";
import { deletion, request } from "./api.ts";
import { Deliveries } from "./deliveries.tsx";
import { Form } from "./form.tsx";
import { Icon } from "./icons.ts";
import type { List } from "./list.ts";
import { setFilters } from "./router.ts";
import { session } from "./session.ts";
import { Detail, Facts } from "./ui.tsx";

export type Webhook = CallResult<"GET /api/v1/webhooks/{id}">;

const root = "/api/v1/webhooks";

/** The form's fields, as text. */
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

type FieldsProps = { draft: Draft; alter(change: Partial<Draft>): void };

const WebhookFields = ({ draft, alter }: FieldsProps) => (
  <>
    <Field
      name="Endpoint URL"
      type="url"
      field="url"
      problem={draft.url.trim() === "" ? "Enter a URL" : undefined}
      value={draft.url}
      change={(url) => alter({ url })}
      says="Public https URL; http://127.0.0.1 on this machine"
    />
    <Field
      name="Events"
      field="events"
      problem={draft.events.trim() === "" ? "Enter at least one type" : undefined}
      value={draft.events}
      change={(events) => alter({ events })}
      says="Comma-separated types such as gift.sent; * for all"
    />
    <Field
      name="Description"
      field="description"
      value={draft.description}
      change={(description) => alter({ description })}
    />
  </>
);

const blank: Draft = { url: "", events: "*", description: "" };

/**
 * The signing secrets that the API has returned to the signed-in user, by webhook; null if the
 * response with it was lost. They outlive the pane that asked for them: the API shows each only
 * once, and the user may have closed the pane before the answer came.
 */
const secrets = signal<Readonly<Record<string, string | null>>>({});
session.subscribe(() => {
  secrets.value = {};
});

export function NewWebhook({ reload }: { reload(): void }) {
  const draft = useDraft("new webhook", blank);
  const keys = useSignal<Keys>(new Map());
  const created = useSignal("");
  const sent = draft.value;
  const { description, ...body } = bodyOf(sent);
  const action: Action = {
    title: "Create webhook",
    verb: "Create",
    request: request(
      "POST",
      root,
      { ...body, ...(description !== null && { description }) },
      keys.value,
    ),
    done(made: { id: string; secret: string | null; url: string }) {
      secrets.value = { ...secrets.peek(), [made.id]: made.secret };
      created.value = made.id;
      keys.value = new Map();
      draft.value = savedDraft(sent, blank, draft.peek());
      reload();
      return `Webhook to ${made.url} created.`;
    },
  };
  return (
    <Detail title="New webhook" close={() => setFilters({ id: "" })}>
      <Secret text={secrets.value[created.value]} />
      <Form name="New webhook" action={action} verb="Create webhook">
        <WebhookFields draft={draft.value} alter={updaterOf(draft)} />
      </Form>
    </Detail>
  );
}

/** The signing secret that this page has asked for. */
const Secret = ({ text }: { text: string | null | undefined }) =>
  text === undefined ? null : text === null ? (
    <p class="secret bad" role="alert">
      The response was lost, so the secret cannot be shown. Rotate the secret to get a new one.
    </p>
  ) : (
    <div class="secret" role="status">
      <p>Signing secret. Store it on your server now: it is not shown after you leave this page.</p>
      <code>{text}</code>
      <CopyButton text={text}>
        <Icon name="copy" />
      </CopyButton>
    </div>
  );

type Props = { webhook: Webhook; list: List<Webhook> };

/** A webhook's settings, deliveries and actions. */
export function WebhookDetail({ webhook, list }: Props) {
  const took = (changed: Webhook) => list.put({ ...webhook, ...changed });
  const sent = useSignal(0);
  const path = `${root}/${webhook.id}`;
  const enable = (enabled: boolean): Action => ({
    title: enabled ? "Enable webhook" : "Disable webhook",
    verb: enabled ? "Enable" : "Disable",
    request: request("PATCH", path, { enabled }),
    done(changed: Webhook) {
      took(changed);
      return `Webhook to ${webhook.url} ${enabled ? "enabled" : "disabled"}.`;
    },
    undo: () => enable(!enabled),
  });
  const test: Action = {
    title: "Send test event",
    verb: "Send",
    request: request("POST", `${path}/test`),
    done() {
      sent.value++;
      return `Test event sent to ${webhook.url}.`;
    },
  };
  const rotate: Action = {
    title: `Rotate the secret of ${webhook.url}`,
    warns: "Both secrets sign for 24 hours, then only the new one.",
    verb: "Rotate secret",
    request: request("POST", `${path}/rotate-secret`),
    done({ secret }: { secret: string | null }) {
      secrets.value = { ...secrets.peek(), [webhook.id]: secret };
      return secret === null
        ? "Secret rotated."
        : "Secret rotated. Store the new one on your server.";
    },
  };
  const remove: Action = {
    title: `Delete the webhook to ${webhook.url}`,
    warns: "Cancels pending deliveries and deletes the delivery log.",
    verb: "Delete",
    request: deletion(path, "webhook_not_found"),
    done() {
      list.remove(webhook.id);
      return `Webhook to ${webhook.url} deleted.`;
    },
  };
  return (
    <Detail title={webhook.description ?? webhook.url} close={() => setFilters({ id: "" })}>
      <Secret text={secrets.value[webhook.id]} />
      <Facts
        facts={[
          ["Endpoint URL", <span key="url">{webhook.url}</span>],
          ["Events", webhook.events.join(", ")],
          ["ID", <code key="id">{webhook.id}</code>],
        ]}
      />
      <Switch name="Enabled" isOn={webhook.enabled} change={(isOn) => perform(enable(isOn))} />
      <p class="buttons">
        <button type="button" class="button outlined" onClick={() => void perform(test)}>
          Send test event
        </button>
        <button type="button" class="button outlined" onClick={() => ask(rotate)}>
          Rotate secret…
        </button>
        <button type="button" class="button danger" onClick={() => ask(remove)}>
          Delete…
        </button>
      </p>
      <ChangeWebhook webhook={webhook} took={took} />
      <Deliveries id={webhook.id} turn={sent.value} />
    </Detail>
  );
}

/** Sends only changed fields. */
function ChangeWebhook({ webhook, took }: { webhook: Webhook; took(changed: Webhook): void }) {
  const draft = useDraft(`webhook ${webhook.id}`, draftOf(webhook));
  /** `shown`: what the form shows when it is sent, unless the user goes on typing. */
  const actionOf = (from: Webhook, to: Draft, shown = to): Action | undefined => {
    const before: Record<string, unknown> = bodyOf(draftOf(from));
    const changes = Object.fromEntries(
      Object.entries(bodyOf(to)).filter(([name, value]) => `${value}` !== `${before[name]}`),
    );
    if (Object.keys(changes).length === 0) return undefined;
    return {
      title: `Update the webhook to ${from.url}`,
      verb: "Save",
      request: request("PATCH", `${root}/${from.id}`, changes),
      done(changed: Webhook) {
        took(changed);
        draft.value = savedDraft(shown, draftOf(changed), draft.peek());
        return `Webhook to ${changed.url} updated.`;
      },
      undo: (changed: Webhook) => actionOf(changed, draftOf(from), draftOf(changed))!,
    };
  };
  const action = actionOf(webhook, draft.value);
  return (
    <details>
      <summary class="link">Edit webhook</summary>
      <Form name="Edit webhook" action={action} isUnchanged={action === undefined}>
        <WebhookFields draft={draft.value} alter={updaterOf(draft)} />
      </Form>
    </details>
  );
}
