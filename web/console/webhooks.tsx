import { call } from "./api.ts";
import { after, partByCursor, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { type Column, Moment } from "./pieces.tsx";
import { filter, set } from "./place.ts";
import { NewWebhook, type Webhook, WebhookDetail } from "./webhook-detail.tsx";

const limit = 50;

const columns: Column<Webhook>[] = [
  { title: "Address", isGrowing: true, cell: ({ url }) => <span class="cut">{url}</span> },
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
  const list = useList(
    "webhooks",
    (webhook: Webhook) => webhook.id,
    async (next) =>
      partByCursor(await call("GET /api/v1/webhooks", { query: { limit, ...after(next) } })),
  );
  const id = filter("id");
  const chosen = list.rows?.find((one) => one.id === id);
  const took = (webhook: Webhook) =>
    list.change((rows) =>
      rows.map((one) => (one.id === webhook.id ? { ...one, ...webhook } : one)),
    );
  const lost = () => {
    list.change((rows) => rows.filter((one) => one.id !== id));
    set({ id: "" }, true);
  };
  return (
    <>
      <div class="filters">
        <button type="button" class="button primary" onClick={() => set({ id: "new" })}>
          New webhook
        </button>
      </div>
      <Listing
        label="Webhooks"
        list={list}
        columns={columns}
        nothing="No server is told of anything yet. A webhook sends events to yours, signed and at least once."
        selected={id}
        open={(webhook) => set({ id: webhook.id })}
        detail={
          id === "new" ? (
            <NewWebhook reload={list.reload} />
          ) : (
            chosen && <WebhookDetail key={id} webhook={chosen} took={took} lost={lost} />
          )
        }
      />
    </>
  );
}
