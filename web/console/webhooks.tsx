import { useSignal } from "@preact/signals";
import type { Answer } from "../../client/index.ts";
import { call, newKey, wish } from "./api.ts";
import { ask, CallBox, type Deed, perform } from "./deeds.tsx";
import { Deliveries } from "./deliveries.tsx";
import { Field, Form, Switch } from "./fields.tsx";
import { useLoad } from "./load.ts";
import {
  type Column,
  Detail,
  Facts,
  Moment,
  Nothing,
  Refusal,
  Skeleton,
  Table,
} from "./pieces.tsx";
import { filter, set } from "./place.ts";

type Webhook = Answer<"GET /api/v1/webhooks/{id}">;

const root = "/api/v1/webhooks";
const limit = 100;

const columns: Column<Webhook>[] = [
  { title: "Address", cell: ({ url }) => <span class="cut">{url}</span> },
  {
    title: "Events",
    isWide: true,
    cell: ({ events }) => <span class="cut">{events.join(", ")}</span>,
  },
  {
    title: "State",
    cell: ({ enabled }) => (
      <span class={`status ${enabled ? "live" : ""}`}>{enabled ? "on" : "off"}</span>
    ),
  },
  { title: "Since", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
];

/** Servers that are told of events, and what became of each delivery. */
export function Webhooks() {
  const { value, refused, reload, change } = useLoad("webhooks", () =>
    call("GET /api/v1/webhooks", { query: { limit } }),
  );
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (value === undefined) return <Skeleton />;
  const id = filter("id");
  const chosen = value.list.find((one) => one.id === id);
  const took = (webhook: Webhook) =>
    change((page) => ({
      ...page,
      list: page.list.map((one) => (one.id === webhook.id ? { ...one, ...webhook } : one)),
    }));
  const lost = () => {
    change((page) => ({ ...page, list: page.list.filter((one) => one.id !== id) }));
    set({ id: "" }, true);
  };
  return (
    <>
      <div class="filters">
        <button type="button" class="button primary" onClick={() => set({ id: "new" })}>
          New webhook
        </button>
      </div>
      <div class={`split ${chosen || id === "new" ? "has-detail" : ""}`}>
        {value.list.length === 0 ? (
          <Nothing says="No server is told of anything yet. A webhook sends events to yours, signed and at least once." />
        ) : (
          <Table
            label="Webhooks"
            columns={columns}
            rows={value.list}
            idOf={(webhook) => webhook.id}
            selected={id}
            open={(webhook) => set({ id: webhook.id })}
          />
        )}
        {id === "new" && <NewWebhook reload={reload} />}
        {chosen && <WebhookDetail key={id} webhook={chosen} took={took} lost={lost} />}
      </div>
    </>
  );
}

function NewWebhook({ reload }: { reload(): void }) {
  const url = useSignal("");
  const events = useSignal("*");
  const key = useSignal(newKey());
  const secret = useSignal<string | undefined>(undefined);
  const names = events.value.split(/[\s,]+/).filter(Boolean);
  const deed: Deed = {
    title: "Make a webhook",
    verb: "Make it",
    wish: wish("POST", root, { url: url.value.trim(), events: names }, key.value),
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
        <Field
          name="Address"
          type="url"
          value={url.value}
          change={(value) => {
            url.value = value;
          }}
          says="https on the open Internet; on this machine http://127.0.0.1 too"
        />
        <Field
          name="Events"
          value={events.value}
          change={(value) => {
            events.value = value;
          }}
          says="Types such as gift.sent, with commas; * for all"
        />
        <CallBox request={deed.wish} />
        <button type="submit" class="button primary" disabled={url.value.trim() === ""}>
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

type DetailGiven = { webhook: Webhook; took(webhook: Webhook): void; lost(): void };

function WebhookDetail({ webhook, took, lost }: DetailGiven) {
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
    warns: "The old one signs beside the new one for 24 hours; then it counts no more.",
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
      <Deliveries id={webhook.id} turn={sent.value} />
    </Detail>
  );
}
