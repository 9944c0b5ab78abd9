import { useSignal } from "@preact/signals";
import type { CallResult } from "../../client/index.ts";
import { call } from "./api.ts";
import { Field } from "./fields.tsx";
import { page, partByNumber, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { filter, hrefOf, set } from "./router.ts";
import { type Stream, StreamScope } from "./stream-scope.tsx";
import { type Column, Link, Moment, PersonCell } from "./ui.tsx";

type Viewer = CallResult<"GET /api/v1/live-stream/{streamId}/viewers">["list"][number];

const limit = 50;
const searchMilliseconds = 200;

const columns: Column<Viewer>[] = [
  { title: "Viewer", cell: (viewer) => <PersonCell person={viewer} /> },
  { title: "Role", isWide: true, cell: ({ role }) => role ?? "viewer" },
  { title: "Joined", cell: ({ joinedAt }) => <Moment at={joinedAt} /> },
  {
    title: "",
    cell: ({ _id, username }) => (
      <Link href={hrefOf("users", { q: username, id: _id })}>Profile</Link>
    ),
  },
];

/** Who watches a stream now, the latest to come first. */
export function Viewers() {
  const text = useSignal(filter("q"));
  const timer = useSignal(0);
  const search = (next: string) => {
    text.value = next;
    clearTimeout(timer.value);
    timer.value = setTimeout(() => set({ q: next.trim() }, true), searchMilliseconds);
  };
  return (
    <StreamScope
      nothing="No streams to moderate"
      tools={<Field name="Search viewers" type="search" value={text.value} change={search} />}
    >
      {(stream) => <ViewersOf key={stream.id} stream={stream} />}
    </StreamScope>
  );
}

function ViewersOf({ stream }: { stream: Stream }) {
  const q = filter("q");
  const list = useList(
    `${stream.id} ${q}`,
    ({ _id }: Viewer) => _id,
    async (next) =>
      partByNumber(
        await call("GET /api/v1/live-stream/{streamId}/viewers", {
          path: { streamId: stream.id },
          query: { limit, ...(q && { search: q }), ...page(next) },
        }),
      ),
  );
  const nothing = q === "" ? "No viewers" : `No viewers match “${q}”`;
  return <Listing label="Viewers" list={list} columns={columns} nothing={nothing} />;
}
