import { useEffect } from "preact/hooks";
import type { Answer } from "../../client/index.ts";
import { call, wish } from "./api.ts";
import { perform } from "./deeds.tsx";
import { useLoad } from "./load.ts";
import { Moment, Refusal, Skeleton } from "./pieces.tsx";

type Delivery = Answer<"GET /api/v1/webhooks/{id}/deliveries">["list"][number];

const limit = 50;
const againMilliseconds = 3_000;
const colours = { pending: "", delivered: "live", failed: "broken" };

/** What became of what was sent to a webhook, the newest first; looked at again by itself. */
export function Deliveries({ id, turn }: { id: string; turn: number }) {
  const { value, refused, reload } = useLoad(`${id} ${turn}`, () =>
    call("GET /api/v1/webhooks/{id}/deliveries", { path: { id }, query: { limit } }),
  );
  const isPending = value?.list.some(({ status }) => status === "pending") ?? false;
  useEffect(() => {
    if (!isPending && turn === 0) return;
    const timer = setTimeout(reload, againMilliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  const resend = ({ id: deliveryId, type }: Delivery) =>
    perform({
      title: `Send ${type} again`,
      verb: "Send again",
      wish: wish("POST", `/api/v1/webhooks/${id}/deliveries/${deliveryId}/resend`),
      done() {
        reload();
        return `${type} is sent once more, with the same id and body.`;
      },
    });
  return (
    <section aria-label="Deliveries">
      <h3>Deliveries</h3>
      {refused && <Refusal refused={refused} retry={reload} />}
      {value === undefined && !refused && <Skeleton />}
      {value?.list.length === 0 && (
        <p class="quiet">Nothing was sent yet. Send a test to see what arrives.</p>
      )}
      <ul class="deliveries">
        {value?.list.map((delivery) => (
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
    </section>
  );
}
