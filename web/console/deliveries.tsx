import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { perform } from "./actions.tsx";
import { request } from "./api.ts";
import { limit, pagesOf, type RowOf, useList } from "./list.ts";
import { ShortList } from "./listing.tsx";
import { labelOf, Moment } from "./ui.tsx";

const route = "GET /api/v1/webhooks/{id}/deliveries";
type Delivery = RowOf<typeof route>;

const againMilliseconds = 3_000;
/** Refreshes after a test event or a resend, whose outcome may be recorded later. */
const againMax = 10;
const colours = { pending: "", delivered: "live", failed: "broken" };

/**
 * The deliveries of a webhook, newest first. Refreshes while one is due, and for half a minute
 * after each resend and each test event. `turn` is the number of test events.
 */
export function Deliveries({ id, turn }: { id: string; turn: number }) {
  const source = pagesOf(route, { path: { id } });
  const list = useList((delivery: Delivery) => delivery.id, {
    ...source,
    key: `${source.key} ${turn}`,
  });
  const left = useRef(0);
  useEffect(() => {
    left.current = turn > 0 ? againMax : 0;
  }, [turn]);
  const attempts = useSignal(0);
  useEffect(() => {
    // Only the first page is read again.
    const pending = list.rows?.slice(0, limit).filter(({ status }) => status === "pending") ?? [];
    const isAwaited = left.current > 0;
    if (!isAwaited && pending.length === 0) return;
    const due = pending.map(({ nextAttemptAt }) => Date.parse(nextAttemptAt ?? "") || 0);
    const wait = isAwaited ? 0 : Math.min(...due) - Date.now();
    const again = async () => {
      left.current--;
      await list.refresh();
      attempts.value++;
    };
    const timer = setTimeout(() => void again(), Math.max(againMilliseconds, wait));
    return () => clearTimeout(timer);
  }, [list.rows, attempts.value]);
  const resend = ({ id: deliveryId, type }: Delivery) =>
    perform({
      title: `Resend ${type}`,
      verb: "Resend",
      request: request("POST", `/api/v1/webhooks/${id}/deliveries/${deliveryId}/resend`),
      done() {
        left.current = againMax;
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
