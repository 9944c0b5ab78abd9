import { useSignal } from "@preact/signals";
import { banNames } from "../host/bans.tsx";
import { Select } from "../host/fields.tsx";
import { perform } from "./actions.tsx";
import { type Ban, unbanAction } from "./ban-actions.ts";
import { pagesOf, useList } from "./list.ts";
import { ShortList } from "./listing.tsx";
import { type Stream, useStreams } from "./stream-scope.tsx";
import { Moment, Refusal } from "./ui.tsx";

type Props = { userId: string; name: string };

/** A user's bans in a stream that the signed-in user moderates. */
export function UserBans(given: Props) {
  const chosen = useSignal("");
  const { value: streams = [], refused, reload } = useStreams("");
  const stream =
    streams.find(({ id }) => id === chosen.value) ??
    streams.find(({ status }) => status === "active") ??
    streams[0];
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (stream === undefined) return null;
  const tools = (
    <Select
      name="In stream"
      value={stream.id}
      choices={Object.fromEntries(streams.map(({ id, title }) => [id, title]))}
      change={(id) => {
        chosen.value = id;
      }}
    />
  );
  return <BansIn key={stream.id} {...given} stream={stream} tools={tools} />;
}

type BansInProps = Props & { stream: Stream; tools: preact.JSX.Element };

function BansIn({ userId, name, stream, tools }: BansInProps) {
  const query = { liveStreamId: stream.id, targetUserId: userId };
  const list = useList(({ _id }: Ban) => _id, pagesOf("GET /api/v1/live-stream-ban", { query }));
  return (
    <ShortList
      title="Bans"
      list={list}
      nothing="No bans"
      tools={tools}
      row={({ _id, actionType, scope, reason, createdAt, endsAt }) => {
        const lift = unbanAction({ _id, scope }, name, stream, () => list.remove(_id));
        return (
          <>
            <div>
              <span>
                {banNames[actionType]} in the {scope}
              </span>
              <button type="button" class="link" onClick={() => void perform(lift)}>
                Unban
              </button>
            </div>
            <p class="quiet">
              Since <Moment at={createdAt} />
              {endsAt !== null && (
                <>
                  , until <Moment at={endsAt} />
                </>
              )}
              {reason !== null && ` · ${reason}`}
            </p>
          </>
        );
      }}
    />
  );
}
