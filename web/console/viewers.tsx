import { pagesOf, type RowOf, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { filter, go, hrefOf } from "./router.ts";
import { type ScopedProps, StreamScope } from "./stream-scope.tsx";
import type { Column } from "./table.tsx";
import { labelOf, Moment, PersonCell } from "./ui.tsx";

const route = "GET /api/v1/live-stream/{streamId}/viewers";
type Viewer = RowOf<typeof route>;

const columns: Column<Viewer>[] = [
  { title: "Viewer", cell: (viewer) => <PersonCell person={viewer} /> },
  { title: "Role", isWide: true, cell: ({ role }) => labelOf(role ?? "viewer") },
  { title: "Joined", isWide: true, cell: ({ joinedAt }) => <Moment at={joinedAt} /> },
];

/** A stream's current viewers, the latest first. */
export const Viewers = () => (
  <StreamScope>
    {(stream, filters) => <ViewersOf key={stream.id} stream={stream} filters={filters} />}
  </StreamScope>
);

function ViewersOf({ stream, filters }: ScopedProps) {
  const q = filter("q");
  const query = q === "" ? {} : { search: q };
  const path = { streamId: stream.id };
  return (
    <Listing
      label="Viewers"
      list={useList(({ _id }: Viewer) => _id, pagesOf(route, { path, query }))}
      columns={columns}
      nothing="No viewers"
      filters={filters}
      search="Search viewers"
      actions={({ _id }) => [
        { label: "Profile", run: () => go(hrefOf("users", { id: _id })) },
        {
          label: "Ban",
          run: () => go(hrefOf("bans", { stream: stream.id, id: "new", user: _id })),
        },
      ]}
    />
  );
}
