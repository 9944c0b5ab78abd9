import { useEffect } from "preact/hooks";
import type { CallResult } from "../../client/index.ts";
import { perform } from "./actions.tsx";
import { call, request } from "./api.ts";
import { after, partByCursor, useList } from "./list.ts";
import { More } from "./listing.tsx";
import { Moment, Refusal, Skeleton } from "./ui.tsx";

type Delivery = CallResult<"GET /api/v1/webhooks/{id}/deliveries">["list"][number];

const limit = 25;
const againMilliseconds = 3_000;
const colours = { pending: "", delivered: "live", failed: "broken" };

/** The deliveries of a webhook, newest first. Refreshes while one is pending. */
export function Deliveries({ id, turn }: { id: string; turn: number }) {
  const list = useList(
    `${id} ${turn}`,
    (delivery: Delivery) => delivery.id,
    async (next) =>
      partByCursor(
        await call("GET /api/v1/webhooks/{id}/deliveries", {
          path: { id },
          query: { limit, ...after(next) },
        }),
      ),
  );
  const { rows, refused } = list;
  const isPending = rows?.some(({ status }) => status === "pending") ?? false;
  useEffect(() => {
    if (!isPending && turn === 0) return;
    const timer = setTimeout(() => void list.refresh(), againMilliseconds);
    return () => clearTimeout(timer);
  }, [rows]);
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
    <section aria-label="Deliveries">
      <h3>Deliveries</h3>
      {refused && <Refusal refused={refused} retry={list.reload} />}
      {rows === undefined && !refused && <Skeleton />}
      {rows?.length === 0 && <p class="quiet">No deliveries yet</p>}
      <ul class="deliveries">
        {rows?.map((delivery) => (
          <li key={delivery.id}>
            <div>
              <code>{delivery.type}</code>
              <span class={`status ${colours[delivery.status]}`}>{delivery.status}</span>
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
          </li>
        ))}
      </ul>
      <More list={list} />
    </section>
  );
}
