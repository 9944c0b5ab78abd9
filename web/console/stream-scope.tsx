import type { ComponentChildren, JSX } from "preact";
import type { CallResult } from "../../client/index.ts";
import { LoadingRows } from "../host/action.tsx";
import { Select } from "../host/fields.tsx";
import { call } from "./api.ts";
import { IdField } from "./fields.tsx";
import { type Loaded, useLoad } from "./load.ts";
import { filter, setFilters } from "./router.ts";
import { EmptyState, Refusal } from "./ui.tsx";

export type Stream = CallResult<"GET /api/v1/live-stream/{streamId}">;

export const findStream = (streamId: string) =>
  call("GET /api/v1/live-stream/{streamId}", { path: { streamId } });

/** The streams the signed-in user may moderate: the live ones and the newest, up to a hundred. */
export const listStreams = async () => {
  const listed = await call("GET /api/v1/live-stream", { query: { moderated: true } });
  return "list" in listed ? listed.list : listed;
};

/** The streams of `listStreams`, and the one with the given ID, which may be older. */
export function useStreams(
  id: string,
): Pick<Loaded<readonly Stream[]>, "value" | "refused" | "reload"> {
  const listed = useLoad("streams", listStreams);
  const { value } = listed;
  const isOlder = value !== undefined && id !== "" && value.every((stream) => stream.id !== id);
  const older = useLoad(isOlder ? id : "", async () => isOlder && (await findStream(id)));
  if (!isOlder) return listed;
  return { ...older, value: older.value ? [...value, older.value] : undefined };
}

/** The stream that went live last. */
const newestLive = (streams: readonly Stream[]): Stream | undefined =>
  streams
    .filter(({ status }) => status === "active")
    .sort((a, b) => Date.parse(b.startedAt ?? "") - Date.parse(a.startedAt ?? ""))[0];

/** The stream with the given ID; by default the newest live one, else the first. */
const chosenOf = (streams: readonly Stream[], chosen: string) =>
  chosen === "" ? (newestLive(streams) ?? streams[0]) : streams.find(({ id }) => id === chosen);

/** Properties of a view of one stream. */
export type ScopedProps = { stream: Stream; filters: ComponentChildren };

type Props = {
  /** Renders the view of a stream, with the filters that select it. */
  children(stream: Stream, filters: ComponentChildren): JSX.Element;
};

/** A view of the stream in the URL, with a selector for others. */
export function StreamScope({ children }: Props) {
  const chosen = filter("stream").toLowerCase();
  const { value, refused, reload } = useStreams(chosen);
  const stream = value && chosenOf(value, chosen);
  // A form for something new, such as a ban, stays open for the other stream.
  const choose = (id: string) =>
    setFilters({ stream: id, id: filter("id") === "new" ? "new" : "" });
  const filters = (
    <>
      {value !== undefined && value.length > 0 && (
        <Select
          name="Stream"
          value={stream?.id ?? ""}
          choices={Object.fromEntries(
            value.map(({ id, title, creator }) => [
              id,
              `${title} · ${creator.username || creator.name}`,
            ]),
          )}
          change={choose}
        />
      )}
      <IdField name="Stream ID" take={choose} />
    </>
  );
  if (stream !== undefined) return children(stream, filters);
  return (
    <>
      <div class="filters">{filters}</div>
      {refused ? (
        <Refusal refused={refused} retry={reload} />
      ) : value === undefined ? (
        <LoadingRows />
      ) : (
        <EmptyState says="No streams to moderate" />
      )}
    </>
  );
}
