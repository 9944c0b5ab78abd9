import { pagesOf, type RowOf, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { type ScopedProps, StreamScope } from "./stream-scope.tsx";
import type { Column } from "./table.tsx";
import { Moment, PersonCell, Truncated } from "./ui.tsx";

const route = "GET /api/v1/live-stream/{streamId}/moderation-log";
type Act = RowOf<typeof route>;

const idOf = ({ at, action, target }: Act) => `${at} ${action} ${target?._id}`;
/** An action in the words of the list of bans. Entries of earlier versions do not have the ban. */
function saysOf({ action, ban }: Act): string {
  if (ban === undefined) return says[action];
  const isOver = action === "member.unbanned";
  if (ban.actionType === "BLOCK") return isOver ? "unblocked" : "blocked";
  if (ban.endsAt === null) return isOver ? "unmuted" : "muted";
  return isOver ? "ended the timeout of" : "timed out";
}

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
  {
    title: "Action",
    cell: (act) => (
      <>
        {saysOf(act)}
        <span class="narrow">{act.target && <PersonCell person={act.target} />}</span>
      </>
    ),
  },
  {
    title: "User",
    isWide: true,
    cell: ({ target }) => target && <PersonCell person={target} />,
  },
  {
    title: "Reason",
    isWide: true,
    isGrowing: true,
    cell: ({ reason }) => <Truncated text={reason} />,
  },
];

/** A stream's moderator actions, newest first. */
export const ModerationLog = () => (
  <StreamScope>
    {(stream, filters) => <LogOf key={stream.id} stream={stream} filters={filters} />}
  </StreamScope>
);

const LogOf = ({ stream, filters }: ScopedProps) => (
  <Listing
    label="Moderation log"
    list={useList(idOf, pagesOf(route, { path: { streamId: stream.id } }))}
    columns={columns}
    nothing="No moderator actions yet"
    filters={filters}
  />
);
