import { ask } from "./actions.tsx";
import { deletion } from "./api.ts";
import { pagesOf, type RowOf, useList } from "./list.ts";
import { ShortList } from "./listing.tsx";
import type { Stream } from "./stream-scope.tsx";
import { Moment } from "./ui.tsx";

type Key = RowOf<"GET /api/v1/live-stream/{streamId}/overlay-keys">;

/** A stream's overlay keys, each with a button to revoke it. */
export function StreamOverlayKeys({ stream: { id: streamId } }: { stream: Stream }) {
  const list = useList(
    ({ id }: Key) => id,
    pagesOf("GET /api/v1/live-stream/{streamId}/overlay-keys", { path: { streamId } }),
  );
  const nameOf = ({ description }: Key) => description ?? "Overlay";
  const revoke = (key: Key) =>
    ask({
      title: `Revoke overlay key ${nameOf(key)}`,
      warns: "Overlays with this key stop working. This cannot be undone.",
      verb: "Revoke",
      request: deletion(
        `/api/v1/live-stream/${streamId}/overlay-keys/${key.id}`,
        "overlay_key_not_found",
      ),
      done() {
        list.remove(key.id);
        return `Overlay key ${nameOf(key)} revoked.`;
      },
    });
  return (
    <ShortList
      title="Overlay keys"
      list={list}
      nothing="No overlay keys"
      row={(key) => (
        <>
          <div>
            <bdi>{nameOf(key)}</bdi>
            <button type="button" class="link" onClick={() => revoke(key)}>
              Revoke…
            </button>
          </div>
          <p class="quiet">
            <Moment at={key.createdAt} />
          </p>
        </>
      )}
    />
  );
}
