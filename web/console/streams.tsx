import { IdField, SegmentedControl } from "./fields.tsx";
import { allOf, useList } from "./list.ts";
import { Listing, openRow } from "./listing.tsx";
import { filter, setFilters } from "./router.ts";
import { Status, StreamDetail } from "./stream-detail.tsx";
import { findStream, listStreams, type Stream } from "./stream-scope.tsx";
import type { Column } from "./table.tsx";
import { Moment, PersonCell, Truncated } from "./ui.tsx";

/** Number of streams that the API lists; older ones are opened by ID. */
const streamsMax = 100;

const columns: Column<Stream>[] = [
  { title: "Title", isGrowing: true, cell: ({ title }) => <Truncated text={title} /> },
  { title: "Host", cell: ({ creator }) => <PersonCell person={creator} /> },
  { title: "Status", cell: (stream) => <Status stream={stream} /> },
  { title: "Started", isWide: true, cell: ({ startedAt }) => <Moment at={startedAt} /> },
];

/** The streams, with a detail pane for each. */
export function Streams() {
  const isAll = filter("status") === "all";
  const all = useList(({ id }: Stream) => id, allOf("streams", listStreams), findStream);
  const rows = all.rows?.filter(({ status }) => isAll || status === "active");
  return (
    <Listing
      label="Streams"
      list={{ ...all, rows }}
      columns={columns}
      nothing={isAll ? "No streams yet" : "No live streams"}
      filters={
        <>
          <SegmentedControl
            name="Status"
            value={isAll ? "all" : ""}
            choices={[
              ["", "Live now"],
              ["all", "All"],
            ]}
            change={(status) => setFilters({ status })}
          />
          <IdField name="Stream ID" take={(id) => openRow(id.toLowerCase())} />
        </>
      }
      detail={(stream) => stream && <StreamDetail key={stream.id} stream={stream} list={all} />}
      note={
        (all.rows?.length ?? 0) >= streamsMax && (
          <p class="more quiet">Showing the newest {streamsMax}. Open an older stream by its ID.</p>
        )
      }
    />
  );
}
