import { pagesOf, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import type { Column } from "./table.tsx";
import { Moment, Truncated } from "./ui.tsx";
import { NewWebhook, type Webhook, WebhookDetail } from "./webhook-detail.tsx";

const columns: Column<Webhook>[] = [
  { title: "Endpoint URL", isGrowing: true, cell: ({ url }) => <Truncated text={url} /> },
  { title: "Events", isWide: true, cell: ({ events }) => <Truncated text={events.join(", ")} /> },
  {
    title: "Status",
    cell: ({ enabled }) => (
      <span class={`status ${enabled ? "live" : ""}`}>{enabled ? "Enabled" : "Disabled"}</span>
    ),
  },
  { title: "Created", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
];

/** Webhooks and their deliveries. */
export function Webhooks() {
  const list = useList(({ id }: Webhook) => id, pagesOf("GET /api/v1/webhooks"));
  return (
    <Listing
      label="Webhooks"
      list={list}
      columns={columns}
      nothing="No webhooks yet. A webhook sends signed events to your server."
      create="New webhook"
      detail={(webhook) =>
        webhook === undefined ? (
          <NewWebhook reload={list.refresh} />
        ) : (
          <WebhookDetail key={webhook.id} webhook={webhook} list={list} />
        )
      }
    />
  );
}
