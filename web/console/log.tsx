import type { CallResult } from "../../client/index.ts";
import { call } from "./api.ts";
import { after, partByCursor, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { type Stream, StreamScope } from "./stream-scope.tsx";
import { type Column, Moment, PersonCell } from "./ui.tsx";

type Act = CallResult<"GET /api/v1/live-stream/{streamId}/moderation-log">["list"][number];

const limit = 50;
const idOf = ({ at, action, target }: Act) => `${at} ${action} ${target?._id}`;
const says: Record<Act["action"], string> = {
  "member.banned": "banned",
  "member.unbanned": "unbanned",
  "chat.deleted": "deleted a message of",
  "chat.pinned": "pinned a message of",
  "chat.unpinned": "unpinned a message",
  "settings.changed": "changed chat settings",
};

const columns: Column<Act>[] = [
  { title: "Time", cell: ({ at }) => <Moment at={at} /> },
  { title: "Moderator", cell: ({ actor }) => <PersonCell person={actor} /> },
  { title: "Action", cell: ({ action }) => says[action] },
  { title: "User", cell: ({ target }) => target && <PersonCell person={target} /> },
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
  <StreamScope nothing="No streams to moderate">
    {(stream) => <LogOf key={stream.id} stream={stream} />}
  </StreamScope>
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
      nothing="No moderator actions yet"
    />
  );
}
