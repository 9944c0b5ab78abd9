import type { Answer } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { call, wish } from "./api.ts";
import { banDeed } from "./ban-deeds.ts";
import { ask, type Deed, perform } from "./deeds.tsx";
import { page, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { OfStream, type Stream } from "./of-stream.tsx";
import { type Column, Detail, Facts, Moment, PersonCell } from "./pieces.tsx";
import { filter, set } from "./place.ts";

type Message = Answer<"GET /api/v1/live-stream/{streamId}/chat/messages">["messages"][number];

const limit = 50;

const columns: Column<Message>[] = [
  { title: "When", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
  { title: "Who", cell: ({ sender }) => <PersonCell person={sender} /> },
  { title: "Said", isGrowing: true, cell: ({ content }) => <bdi class="cut">{content}</bdi> },
];

/** What was said in a stream, the newest first, for whoever has to look after it. */
export const Messages = () => (
  <OfStream nothing="You moderate no stream yet.">
    {(stream) => <MessagesOf key={stream.id} stream={stream} />}
  </OfStream>
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
      nothing={`Nothing was said in ${stream.title} yet.`}
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
  const pin: Deed = {
    title: `Pin the message of ${name}`,
    verb: "Pin",
    wish: wish("PUT", `${path}/pin`, { messageId: id }),
    done: () => `The message of ${name} is pinned in ${stream.title}.`,
    undo: () => ({
      title: "Take the pin away",
      verb: "Take away",
      wish: wish("DELETE", `${path}/pin`),
      done: () => `Nothing is pinned in ${stream.title} any more.`,
    }),
  };
  const remove: Deed = {
    title: `Delete the message of ${name}`,
    warns: "It vanishes for everybody at once, and cannot be brought back.",
    verb: "Delete",
    wish: wish("DELETE", `${path}/messages/${id}`),
    done() {
      lost(id);
      return `The message of ${name} is deleted.`;
    },
  };
  const ban = (actionType: "BLOCK" | "CHAT_ONLY") =>
    banDeed(stream, { _id: sender._id, name }, { actionType, reason: "" }, () => {});
  const isHost = sender._id === stream.creator._id;
  return (
    <Detail title="Message" close={() => set({ id: "" })}>
      <PersonCell person={sender} />
      <p class="reason">
        <bdi>{content}</bdi>
      </p>
      <Facts
        facts={[
          ["When", <Moment key="when" at={message.createdAt} />],
          ["Id", <code key="id">{id}</code>],
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
