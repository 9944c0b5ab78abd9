import type { CallResult } from "../../client/index.ts";
import { ask } from "./actions.tsx";
import { request } from "./api.ts";
import { type List, pagesOf, useList } from "./list.ts";
import { ShortList } from "./listing.tsx";
import type { Stream } from "./stream-scope.tsx";
import { Moment } from "./ui.tsx";

export type Key = CallResult<"GET /api/v1/channel/overlay-keys">["list"][number];

const idOf = ({ id }: Key) => id;

/** Keys with which overlays read a stream. */
export const StreamOverlayKeys = ({ stream: { id: streamId } }: { stream: Stream }) => (
  <OverlayKeys
    path={`/api/v1/live-stream/${streamId}/overlay-keys`}
    list={useList(
      idOf,
      pagesOf("GET /api/v1/live-stream/{streamId}/overlay-keys", { path: { streamId } }),
    )}
  />
);

/** The keys of a stream or a channel, each of which can be revoked. */
function OverlayKeys({ path, list }: { path: string; list: List<Key> }) {
  const nameOf = ({ description }: Key) => description ?? "Overlay";
  const revoke = (key: Key) =>
    ask({
      title: `Revoke overlay key ${nameOf(key)}`,
      warns: "Overlays with this key stop working. This cannot be undone.",
      verb: "Revoke",
      request: request("DELETE", `${path}/${key.id}`),
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
              Revoke …
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
