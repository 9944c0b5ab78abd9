import { Choice } from "./fields.tsx";
import { filter, set } from "./router.ts";
import { Status, StreamDetail } from "./stream-detail.tsx";
import { type Stream, StreamIdField, streamsMax, useStreams } from "./stream-scope.tsx";
import { type Column, Moment, Nothing, PersonCell, Refusal, Skeleton, Table } from "./ui.tsx";

const columns: Column<Stream>[] = [
  { title: "Title", cell: ({ title }) => <bdi class="cut">{title}</bdi> },
  { title: "Host", cell: ({ creator }) => <PersonCell person={creator} /> },
  { title: "Status", cell: (stream) => <Status stream={stream} /> },
  { title: "Started", isWide: true, cell: ({ startedAt }) => <Moment at={startedAt} /> },
];

/** The streams, with a detail pane for each. */
export function Streams() {
  const id = filter("id");
  const isAll = filter("status") === "all";
  const { value, refused, reload, change } = useStreams(id);
  const rows = value?.filter(({ status }) => isAll || status === "active") ?? [];
  const chosen = value?.find((stream) => stream.id === id);
  const took = (stream: Stream) =>
    change((all) => all.map((one) => (one.id === stream.id ? stream : one)));
  const lost = () => {
    change((all) => all.filter((one) => one.id !== id));
    set({ id: "" }, true);
  };
  return (
    <>
      <div class="filters">
        <Choice
          name="Status"
          value={isAll ? "all" : ""}
          choices={[
            ["", "Live now"],
            ["all", "All"],
          ]}
          change={(status) => set({ status })}
        />
        <StreamIdField take={(found) => set({ id: found })} />
      </div>
      {refused && <Refusal refused={refused} retry={reload} />}
      {value === undefined && !refused && <Skeleton />}
      {value && (
        <div class={`split ${chosen ? "has-detail" : ""}`}>
          {rows.length === 0 ? (
            <Nothing says={isAll ? "No streams yet" : "No live streams"} />
          ) : (
            <div class="listing">
              <Table
                label="Streams"
                columns={columns}
                rows={rows}
                idOf={(stream) => stream.id}
                selected={id}
                open={(stream) => set({ id: stream.id })}
              />
              {value.length >= streamsMax && (
                <p class="more quiet">
                  Showing the newest {streamsMax}. Open an older stream by its ID.
                </p>
              )}
            </div>
          )}
          {chosen && <StreamDetail key={id} stream={chosen} took={took} lost={lost} />}
        </div>
      )}
    </>
  );
}
