import { useSignal } from "@preact/signals";
import type { Answer } from "../../client/index.ts";
import { call, refusedOf } from "./api.ts";
import { tell } from "./deeds.tsx";
import { chosenOf, type Stream, StreamSelect } from "./fields.tsx";
import { useLoad } from "./load.ts";
import { type Column, Moment, Nothing, PersonCell, Refusal, Skeleton, Table } from "./pieces.tsx";
import { useStreams } from "./streams.tsx";

type Act = Answer<"GET /api/v1/live-stream/{streamId}/moderation-log">["list"][number];

const limit = 50;
const says: Record<Act["action"], string> = {
  "member.banned": "banned",
  "member.unbanned": "lifted the ban of",
  "chat.deleted": "deleted a message of",
  "chat.pinned": "pinned a message of",
  "chat.unpinned": "unpinned a message",
  "settings.changed": "changed the rules",
};

const columns: Column<Act>[] = [
  { title: "When", cell: ({ at }) => <Moment at={at} /> },
  { title: "Who", cell: ({ actor }) => <PersonCell person={actor} /> },
  { title: "Did", cell: ({ action }) => says[action] },
  { title: "Whom", cell: ({ target }) => target && <PersonCell person={target} /> },
  {
    title: "Reason",
    isWide: true,
    cell: ({ reason }) =>
      reason === null ? <span class="quiet">–</span> : <bdi class="cut">{reason}</bdi>,
  },
];

/** Who moderated what in a stream, the newest first. */
export function ModerationLog() {
  const streams = useStreams();
  if (streams.refused) return <Refusal refused={streams.refused} retry={streams.reload} />;
  if (streams.value === undefined) return <Skeleton />;
  const stream = chosenOf(streams.value);
  if (stream === undefined) return <Nothing says="You moderate no stream yet." />;
  return (
    <>
      <div class="filters">
        <StreamSelect streams={streams.value} />
      </div>
      <LogOf key={stream.id} stream={stream} />
    </>
  );
}

function LogOf({ stream }: { stream: Stream }) {
  const read = (after?: string) =>
    call("GET /api/v1/live-stream/{streamId}/moderation-log", {
      path: { streamId: stream.id },
      query: { limit, ...(after !== undefined && { after }) },
    });
  const { value, refused, reload, change } = useLoad(stream.id, read);
  const isBusy = useSignal(false);
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (value === undefined) return <Skeleton />;
  if (value.list.length === 0)
    return <Nothing says="Nobody has had to moderate here. What moderators do is written down." />;
  const { nextCursor } = value.pageInfo;
  const more = async () => {
    isBusy.value = true;
    try {
      const page = await read(nextCursor!);
      change(({ list }) => ({ ...page, list: [...list, ...page.list] }));
    } catch (error) {
      tell({ says: "No more could be read.", refused: refusedOf(error) });
    }
    isBusy.value = false;
  };
  return (
    <div class="split">
      <Table
        label="Moderation log"
        columns={columns}
        rows={value.list}
        idOf={(act) => `${act.at} ${act.action} ${act.target?._id}`}
      />
      {nextCursor !== null && (
        <button type="button" class="button" disabled={isBusy.value} onClick={more}>
          Older
        </button>
      )}
    </div>
  );
}
