import { useEffect } from "preact/hooks";
import { perform } from "./actions.tsx";
import { request } from "./api.ts";
import { pagesOf, type RowOf, useList } from "./list.ts";
import { ShortList } from "./listing.tsx";
import { labelOf, Moment } from "./ui.tsx";

const route = "GET /api/v1/webhooks/{id}/deliveries";
type Delivery = RowOf<typeof route>;

const againMilliseconds = 3_000;
const colours = { pending: "", delivered: "live", failed: "broken" };

/** The deliveries of a webhook, newest first. Refreshes while one is pending. */
export function Deliveries({ id, turn }: { id: string; turn: number }) {
  const source = pagesOf(route, { path: { id } });
  const list = useList((delivery: Delivery) => delivery.id, {
    ...source,
    key: `${source.key} ${turn}`,
  });
  const isPending = list.rows?.some(({ status }) => status === "pending") ?? false;
  useEffect(() => {
    if (!isPending && turn === 0) return;
    const timer = setTimeout(() => void list.refresh(), againMilliseconds);
    return () => clearTimeout(timer);
  }, [list.rows]);
  const resend = ({ id: deliveryId, type }: Delivery) =>
    perform({
      title: `Resend ${type}`,
      verb: "Resend",
      request: request("POST", `/api/v1/webhooks/${id}/deliveries/${deliveryId}/resend`),
      done() {
        void list.refresh();
        return `${type} resent with the same ID and body.`;
      },
    });
  return (
    <ShortList
      title="Deliveries"
      list={list}
      nothing="No deliveries yet"
      row={(delivery) => (
        <>
          <div>
            <code>{delivery.type}</code>
            <span class={`status ${colours[delivery.status]}`}>{labelOf(delivery.status)}</span>
            <button type="button" class="link" onClick={() => void resend(delivery)}>
              Resend
            </button>
          </div>
          <p class="quiet">
            <Moment at={delivery.createdAt} /> · {delivery.attempts}{" "}
            {delivery.attempts === 1 ? "attempt" : "attempts"}
            {delivery.statusCode !== null && ` · ${delivery.statusCode}`}
            {delivery.error !== null && ` · ${delivery.error}`}
            {delivery.nextAttemptAt !== null && (
              <>
                {" "}
                · next attempt <Moment at={delivery.nextAttemptAt} />
              </>
            )}
          </p>
        </>
      )}
    />
  );
}
