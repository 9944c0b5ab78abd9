import type { Answer } from "../../client/index.ts";
import { call } from "./api.ts";
import { after, partByCursor, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { OfStream, type Stream } from "./of-stream.tsx";
import { type Column, Moment, PersonCell } from "./pieces.tsx";

type Act = Answer<"GET /api/v1/live-stream/{streamId}/moderation-log">["list"][number];

const limit = 50;
const idOf = ({ at, action, target }: Act) => `${at} ${action} ${target?._id}`;
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
    isGrowing: true,
    cell: ({ reason }) =>
      reason === null ? <span class="quiet">–</span> : <bdi class="cut">{reason}</bdi>,
  },
];

/** Who moderated what in a stream, the newest first. */
export const ModerationLog = () => (
  <OfStream nothing="You moderate no stream yet.">
    {(stream) => <LogOf key={stream.id} stream={stream} />}
  </OfStream>
);

function LogOf({ stream }: { stream: Stream }) {
  const list = useList(stream.id, idOf, async (next) =>
    partByCursor(
      await call("GET /api/v1/live-stream/{streamId}/moderation-log", {
        path: { streamId: stream.id },
        query: { limit, ...after(next) },
      }),
    ),
  );
  return (
    <Listing
      label="Moderation log"
      list={list}
      columns={columns}
      nothing="Nobody has had to moderate here. What moderators do is written down."
    />
  );
}
