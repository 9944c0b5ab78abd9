import type { CallResult } from "../../client/index.ts";
import { ask } from "./actions.tsx";
import { call, request } from "./api.ts";
import { after, partByCursor, useList } from "./list.ts";
import { More } from "./listing.tsx";
import type { Stream } from "./stream-scope.tsx";
import { Moment, Refusal } from "./ui.tsx";

type Key = CallResult<"GET /api/v1/live-stream/{streamId}/overlay-keys">["list"][number];

const limit = 10;

/** Keys that overlays read a stream with, each of which can be taken back. */
export function OverlayKeys({ stream }: { stream: Stream }) {
  const keys = useList(
    `keys ${stream.id}`,
    ({ id }: Key) => id,
    async (next) =>
      partByCursor(
        await call("GET /api/v1/live-stream/{streamId}/overlay-keys", {
          path: { streamId: stream.id },
          query: { limit, ...after(next) },
        }),
      ),
  );
  const nameOf = ({ description }: Key) => description ?? "Overlay";
  const revoke = (key: Key) =>
    ask({
      title: `Revoke overlay key ${nameOf(key)}`,
      warns: "Overlays with this key stop working. This cannot be undone.",
      verb: "Revoke",
      request: request("DELETE", `/api/v1/live-stream/${stream.id}/overlay-keys/${key.id}`),
      done() {
        keys.change((rows) => rows.filter(({ id }) => id !== key.id));
        return `Overlay key ${nameOf(key)} revoked.`;
      },
    });
  return (
    <section aria-label="Overlay keys">
      <h3>Overlay keys</h3>
      {keys.refused && <Refusal refused={keys.refused} retry={keys.reload} />}
      {keys.rows?.length === 0 && <p class="quiet">No overlay keys</p>}
      <ul class="keys">
        {keys.rows?.map((key) => (
          <li key={key.id}>
            <span>
              <bdi>{nameOf(key)}</bdi>
              <span class="quiet">
                <Moment at={key.createdAt} />
              </span>
            </span>
            <button type="button" class="link" onClick={() => revoke(key)}>
              Revoke …
            </button>
          </li>
        ))}
      </ul>
      <More list={keys} />
    </section>
  );
}
