import { call } from "./api.ts";
import { after, partByCursor, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { filter, set } from "./router.ts";
import { type Column, Moment } from "./ui.tsx";
import { NewWebhook, type Webhook, WebhookDetail } from "./webhook-detail.tsx";

const limit = 50;

const columns: Column<Webhook>[] = [
  { title: "Endpoint URL", isGrowing: true, cell: ({ url }) => <span class="cut">{url}</span> },
  {
    title: "Events",
    isWide: true,
    cell: ({ events }) => <span class="cut">{events.join(", ")}</span>,
  },
  {
    title: "Status",
    cell: ({ enabled }) => (
      <span class={`status ${enabled ? "live" : ""}`}>{enabled ? "enabled" : "disabled"}</span>
    ),
  },
  { title: "Created", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
];

/** Webhooks and their deliveries. */
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
        nothing="No webhooks yet. A webhook sends signed events to your server."
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
