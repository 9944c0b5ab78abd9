import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import type { CallResult } from "../../client/index.ts";
import { call } from "./api.ts";
import { Field, Form, Select } from "./fields.tsx";
import { type Loaded, useLoad } from "./load.ts";
import { filter, set } from "./router.ts";
import { Nothing, Refusal, Skeleton } from "./ui.tsx";

export type Stream = CallResult<"GET /api/v1/live-stream/{streamId}">;

/** The API lists no more than the newest of them; an older one is read by its id. */
export const streamsMax = 100;

/** The streams the signed-in user may moderate, and the stream with the given ID. */
export const useStreams = (id: string): Loaded<readonly Stream[]> =>
  useLoad(`streams ${id}`, async () => {
    const listed = await call("GET /api/v1/live-stream", { query: { moderated: true } });
    if (id === "" || listed.some((stream) => stream.id === id)) return listed;
    const path = { streamId: id };
    return [...listed, await call("GET /api/v1/live-stream/{streamId}", { path })];
  });

/** The stream that the address names; where it names none, one that is live, else the first. */
const chosenOf = (streams: readonly Stream[]) =>
  filter("stream") === ""
    ? (streams.find(({ status }) => status === "active") ?? streams[0])
    : streams.find(({ id }) => id === filter("stream"));

/** Takes the id of a stream that no list shows, since it is older than those. */
export function StreamIdField({ take }: { take(id: string): void }) {
  const id = useSignal("");
  return (
    <Form name="Open stream by ID" submit={() => id.value.trim() !== "" && take(id.value.trim())}>
      <Field
        name="Stream ID"
        value={id.value}
        change={(value) => {
          id.value = value;
        }}
      />
    </Form>
  );
}

type Given = {
  /** Shown if the user has no stream to choose. */
  nothing: string;
  /** Further controls next to the stream selector. */
  tools?: ComponentChildren;
  children(stream: Stream): JSX.Element;
};

/** A view of the stream in the URL, with a selector for others. */
export function StreamScope({ nothing, tools, children }: Given) {
  const asked = filter("stream");
  const { value, refused, reload } = useStreams(asked);
  const stream = value && chosenOf(value);
  const choose = (id: string) => set({ stream: id, id: "" });
  return (
    <>
      <div class="filters">
        {value !== undefined && value.length > 0 && (
          <Select
            name="Stream"
            value={stream?.id ?? ""}
            choices={value.map(({ id, title, creator }) => ({
              value: id,
              title: `${title} · ${creator.username || creator.name}`,
            }))}
            change={choose}
          />
        )}
        <StreamIdField take={choose} />
        {tools}
      </div>
      {refused && <Refusal refused={refused} retry={reload} />}
      {value === undefined && !refused && <Skeleton />}
      {value !== undefined && stream === undefined && <Nothing says={nothing} />}
      {stream && children(stream)}
    </>
  );
}
