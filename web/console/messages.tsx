import type { CallResult } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { type Action, ask, perform } from "./actions.tsx";
import { call, request } from "./api.ts";
import { banAction } from "./ban-actions.ts";
import { page, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { filter, set } from "./router.ts";
import { type Stream, StreamScope } from "./stream-scope.tsx";
import { type Column, Detail, Facts, Moment, PersonCell } from "./ui.tsx";

type Message = CallResult<"GET /api/v1/live-stream/{streamId}/chat/messages">["messages"][number];

const limit = 50;

const columns: Column<Message>[] = [
  { title: "Time", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
  { title: "User", cell: ({ sender }) => <PersonCell person={sender} /> },
  { title: "Message", isGrowing: true, cell: ({ content }) => <bdi class="cut">{content}</bdi> },
];

/** Messages of a stream for its moderators, newest first. */
export const Messages = () => (
  <StreamScope nothing="No streams to moderate">
    {(stream) => <MessagesOf key={stream.id} stream={stream} />}
  </StreamScope>
);

function MessagesOf({ stream }: { stream: Stream }) {
  const list = useList(
    stream.id,
    ({ _id }: Message) => _id,
    async (next) => {
      const said = await call("GET /api/v1/live-stream/{streamId}/chat/messages", {
        path: { streamId: stream.id },
        query: { limit, ...page(next) },
      });
      return { rows: said.messages, next: said.hasNextPage ? `${said.page + 1}` : undefined };
    },
  );
  const chosen = list.rows?.find(({ _id }) => _id === filter("id"));
  const lost = (id: string) => {
    list.change((rows) => rows.filter(({ _id }) => _id !== id));
    set({ id: "" }, true);
  };
  return (
    <Listing
      label="Messages"
      list={list}
      columns={columns}
      nothing="No messages yet"
      selected={filter("id")}
      open={({ _id }) => set({ id: _id })}
      detail={
        chosen && <MessageDetail key={chosen._id} stream={stream} message={chosen} lost={lost} />
      }
    />
  );
}

type DetailGiven = { stream: Stream; message: Message; lost(id: string): void };

/** One message, and what a moderator does about it. */
function MessageDetail({ stream, message, lost }: DetailGiven) {
  const { _id: id, sender, content } = message;
  const path = `/api/v1/live-stream/${stream.id}/chat`;
  const name = nameOf(sender);
  const pin: Action = {
    title: `Pin message from ${name}`,
    verb: "Pin",
    request: request("PUT", `${path}/pin`, { messageId: id }),
    done: () => `Message from ${name} pinned.`,
    undo: () => ({
      title: "Unpin message",
      verb: "Unpin",
      request: request("DELETE", `${path}/pin`),
      done: () => "Message unpinned.",
    }),
  };
  const remove: Action = {
    title: `Delete message from ${name}`,
    warns: "Removes it for everyone. This cannot be undone.",
    verb: "Delete",
    request: request("DELETE", `${path}/messages/${id}`),
    done() {
      lost(id);
      return `Message from ${name} deleted.`;
    },
  };
  const ban = (actionType: "BLOCK" | "CHAT_ONLY") =>
    banAction(stream, { _id: sender._id, name }, { actionType, reason: "" }, () => {});
  const isHost = sender._id === stream.creator._id;
  return (
    <Detail title="Message" close={() => set({ id: "" })}>
      <PersonCell person={sender} />
      <p class="reason">
        <bdi>{content}</bdi>
      </p>
      <Facts
        facts={[
          ["Time", <Moment key="when" at={message.createdAt} />],
          ["ID", <code key="id">{id}</code>],
        ]}
      />
      <p class="buttons">
        {stream.status === "active" && (
          <button type="button" class="button outlined" onClick={() => void perform(pin)}>
            Pin
          </button>
        )}
        {!isHost && (
          <>
            <button type="button" class="button outlined" onClick={() => ask(ban("CHAT_ONLY"))}>
              Mute …
            </button>
            <button type="button" class="button danger" onClick={() => ask(ban("BLOCK"))}>
              Block …
            </button>
          </>
        )}
        <button type="button" class="button danger" onClick={() => ask(remove)}>
          Delete …
        </button>
      </p>
    </Detail>
  );
}
