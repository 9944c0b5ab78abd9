import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { CallResult } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { unlessRefused } from "../chat/reason.ts";
import { dateTimeOf } from "../formats.ts";
import {
  ConfirmButton,
  ErrorText,
  type Host,
  LoadingRows,
  MoreButton,
  useAction,
} from "./action.tsx";

type Ban = CallResult<"GET /api/v1/live-stream-ban">["list"][number];

const limit = 50;
/** A banned user's state, by the kind of ban. */
export const banNames = { BLOCK: "Blocked", CHAT_ONLY: "Muted" };

/** The bans of a host's streams and channel, newest first. */
export function ChannelBans({ host }: { host: Host }) {
  const bans = useSignal<readonly Ban[] | undefined>(undefined);
  const hasMore = useSignal(false);
  /** The place in the server's list of the first ban that is not read yet. */
  const before = useRef(0);
  const { act, forget, errorText, isBusy } = useAction();
  const more = () => {
    forget();
    return act(async () => {
      const from = before.current;
      const page = Math.floor(from / limit) + 1;
      const { list, pagination } = await host.call("GET /api/v1/live-stream-ban", {
        query: { page, limit },
      });
      const known = bans.peek() ?? [];
      const ids = new Set(known.map(({ _id }) => _id));
      bans.value = [...known, ...list.filter(({ _id }) => !ids.has(_id))];
      // Added, because `lift` may have lowered it meanwhile.
      before.current += page * limit - from;
      hasMore.value = pagination.hasNextPage;
    });
  };
  useEffect(() => void more(), [host]);
  const lift = (id: string) =>
    act(async () => {
      const lifted = host.call("DELETE /api/v1/live-stream-ban/{id}", { path: { id } });
      await lifted.catch(unlessRefused("ban_lifted"));
      before.current -= 1;
      bans.value = bans.value?.filter(({ _id }) => _id !== id);
    }, id);
  return (
    <>
      <ErrorText text={errorText} retry={bans.value === undefined ? more : undefined} />
      {bans.value === undefined && errorText === "" && <LoadingRows />}
      {bans.value?.length === 0 && <p class="quiet">No bans</p>}
      <ul class="host-list" aria-label="Bans">
        {bans.value?.map(({ _id, targetUser, actionType, scope, reason, endsAt }) => (
          <li key={_id}>
            <span class="host-names" id={_id}>
              <bdi>{nameOf(targetUser)}</bdi>
              <span class="quiet">
                {banNames[actionType]} in the {scope}
                {endsAt !== null && ` until ${dateTimeOf(endsAt)}`}
                {reason !== null && (
                  <>
                    {" · "}
                    <bdi>{reason}</bdi>
                  </>
                )}
              </span>
            </span>
            <ConfirmButton verb="Unban" about={_id} act={() => void lift(_id)} />
          </li>
        ))}
      </ul>
      {hasMore.value && <MoreButton isBusy={isBusy} more={more} />}
    </>
  );
}
