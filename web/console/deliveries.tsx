import { useEffect } from "preact/hooks";
import type { Answer } from "../../client/index.ts";
import { call, wish } from "./api.ts";
import { perform } from "./deeds.tsx";
import { after, partByCursor, useList } from "./list.ts";
import { More } from "./listing.tsx";
import { Moment, Refusal, Skeleton } from "./pieces.tsx";

type Delivery = Answer<"GET /api/v1/webhooks/{id}/deliveries">["list"][number];

const limit = 25;
const againMilliseconds = 3_000;
const colours = { pending: "", delivered: "live", failed: "broken" };

/** What became of what was sent to a webhook, the newest first; looked at again by itself. */
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
      title: `Send ${type} again`,
      verb: "Send again",
      wish: wish("POST", `/api/v1/webhooks/${id}/deliveries/${deliveryId}/resend`),
      done() {
        void list.refresh();
        return `${type} is sent once more, with the same id and body.`;
      },
    });
  return (
    <section aria-label="Deliveries">
      <h3>Deliveries</h3>
      {refused && <Refusal refused={refused} retry={list.reload} />}
      {rows === undefined && !refused && <Skeleton />}
      {rows?.length === 0 && (
        <p class="quiet">Nothing was sent yet. Send a test to see what arrives.</p>
      )}
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
                  · again <Moment at={delivery.nextAttemptAt} />
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
