import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ChatMessage } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { type Action, ask, perform } from "./actions.tsx";
import { call, connection, deletion, host, request } from "./api.ts";
import { banAction } from "./ban-actions.ts";
import { type List, limit, type Source, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { filter, hrefOf, setFilters } from "./router.ts";
import { type ScopedProps, type Stream, StreamScope } from "./stream-scope.tsx";
import type { Column } from "./table.tsx";
import { Detail, Facts, Link, Moment, PersonCell, Truncated } from "./ui.tsx";

/** Maximum number of live messages kept while the page is open. */
const liveMax = 500;
const flushMilliseconds = 250;
/** The timeout of the one-click action; other durations are set in the ban form. */
const timeoutSeconds = 600;

const columns: Column<ChatMessage>[] = [
  { title: "Time", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
  { title: "User", cell: ({ sender }) => <PersonCell person={sender} /> },
  { title: "Message", isGrowing: true, cell: ({ content }) => <Truncated text={content} /> },
];

const sourceOf = ({ id: streamId }: Stream): Source<ChatMessage> => ({
  key: `messages ${streamId}`,
  async read(next) {
    const { messages, page, hasNextPage } = await call(
      "GET /api/v1/live-stream/{streamId}/chat/messages",
      { path: { streamId }, query: { limit, page: 1, ...next } },
    );
    return { rows: messages, next: hasNextPage ? { page: page + 1 } : undefined };
  },
});

/** Messages of a stream for its moderators, newest first, as they are sent. */
export const Messages = () => (
  <StreamScope>
    {(stream, filters) => <MessagesOf key={stream.id} stream={stream} filters={filters} />}
  </StreamScope>
);

function MessagesOf({ stream, filters }: ScopedProps) {
  const list = useList(
    ({ _id }: ChatMessage) => _id,
    sourceOf(stream),
    (messageId) =>
      call("GET /api/v1/live-stream/{streamId}/chat/messages/{messageId}", {
        path: { streamId: stream.id, messageId },
      }),
  );
  const { isLive, isPaused } = useLive(list, stream);
  return (
    <Listing
      label="Messages"
      list={list}
      columns={columns}
      nothing="No messages yet"
      filters={
        <>
          {filters}
          {isLive && connection.value === "online" && (
            <span class={isPaused ? "status" : "status live"}>{isPaused ? "Paused" : "Live"}</span>
          )}
          {isLive && connection.value === "offline" && (
            <span class="status broken">Reconnecting…</span>
          )}
        </>
      }
      actions={(message) => {
        const { remove, timeout, block } = actionsOf(stream, message, list);
        const isHost = message.sender._id === stream.creator._id;
        return [
          { label: "Delete", run: () => ask(remove) },
          ...(isHost
            ? []
            : [
                { label: "Time out", run: () => void perform(timeout) },
                { label: "Block", run: () => ask(block) },
              ]),
        ];
      }}
      detail={(message) =>
        message && <MessageDetail key={message._id} stream={stream} message={message} list={list} />
      }
    />
  );
}

const canHover = matchMedia("(hover: hover)");
/** Whether the user is about to act on a row: with the pointer over its actions, or by keyboard. */
const isHeld = () =>
  document.querySelector("tbody :focus-visible") !== null ||
  (canHover.matches && document.querySelector(".row-actions:hover") !== null);

/**
 * Adds new messages to the list and removes deleted ones, a few times a second. Reads a loaded list
 * again when the subscription starts or has lost frames. Keeps received messages, because the new
 * list may be older. Pauses while the user is about to act on a row: another row, of another user,
 * would take its place. Returns whether the stream is still live, and whether messages wait.
 */
function useLive(list: List<ChatMessage>, { id, status }: Stream) {
  const isLive = useSignal(status === "active");
  const isPaused = useSignal(false);
  useEffect(() => {
    if (!isLive.peek()) return;
    let received: ChatMessage[] = [];
    const deleted = new Set<string>();
    let [isDirty, isStale, isReading] = [false, false, false];
    const readAgain = async () => {
      [isStale, isReading] = [false, true];
      isStale = !(await list.refresh()) || isStale;
      [isDirty, isReading] = [true, false];
    };
    const flush = () => {
      const isHolding = isHeld();
      if (isStale && !isReading && !isHolding && list.change((rows) => rows)) void readAgain();
      if (!isDirty) return;
      const isTaken = list.changeUpTo(liveMax, (rows) => {
        const listed = new Set(rows.map(({ _id }) => _id));
        const known = new Set(received.map(({ _id }) => _id));
        const all = [...received, ...rows.filter(({ _id }) => !known.has(_id))].filter(
          ({ _id }) => !deleted.has(_id),
        );
        const shown = isHolding ? all.filter(({ _id }) => listed.has(_id)) : all;
        isPaused.value = shown.length < all.length;
        return shown;
      });
      isDirty = isHolding || !isTaken;
    };
    const timer = setInterval(flush, flushMilliseconds);
    const subscription = host.subscribe(id, {
      onEvent({ type, data }) {
        if (type === "stream.ended") isLive.value = false;
        if (type === "chat.message") received = [data, ...received.slice(0, liveMax - 1)];
        else if (type === "chat.deleted") {
          deleted.add(data.messageId);
          if (filter("id") === data.messageId) setFilters({ id: "" }, true);
        } else return;
        isDirty = true;
      },
      onReset() {
        received = [];
        void list.reload().then(() => {
          isDirty = true;
        });
      },
      onEnd() {
        isLive.value = false;
      },
    });
    subscription.ready.then(
      () => {
        isStale = true;
      },
      () => {},
    );
    return () => {
      clearInterval(timer);
      subscription.close();
    };
  }, [id]);
  return { isLive: isLive.value, isPaused: isPaused.value };
}

/** A moderator's actions on a message. */
function actionsOf(stream: Stream, { _id: id, sender }: ChatMessage, list: List<ChatMessage>) {
  const path = `/api/v1/live-stream/${stream.id}/chat`;
  const user = { _id: sender._id, name: nameOf(sender) };
  const pin: Action = {
    title: `Pin message from ${user.name}`,
    verb: "Pin",
    request: request("PUT", `${path}/pin`, { messageId: id }),
    done: () => `Message from ${user.name} pinned.`,
    undo: () => ({
      title: "Unpin message",
      verb: "Unpin",
      request: request("DELETE", `${path}/pin`),
      done: () => "Message unpinned.",
    }),
  };
  const remove: Action = {
    title: `Delete message from ${user.name}`,
    warns: "Removes it for everyone. This cannot be undone.",
    verb: "Delete",
    request: deletion(`${path}/messages/${id}`, "message_not_found"),
    done() {
      list.remove(id);
      return `Message from ${user.name} deleted.`;
    },
  };
  return {
    pin,
    remove,
    timeout: banAction(stream, user, { actionType: "CHAT_ONLY", seconds: timeoutSeconds }),
    mute: banAction(stream, user, { actionType: "CHAT_ONLY" }),
    block: banAction(stream, user, { actionType: "BLOCK" }),
  };
}

type DetailProps = { stream: Stream; message: ChatMessage; list: List<ChatMessage> };

/** One message, and a moderator's actions on it. */
function MessageDetail({ stream, message, list }: DetailProps) {
  const { _id: id, sender, content } = message;
  const { pin, remove, timeout, mute, block } = actionsOf(stream, message, list);
  const isHost = sender._id === stream.creator._id;
  return (
    <Detail title="Message" close={() => setFilters({ id: "" })}>
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
      <p class="links">
        <Link href={hrefOf("users", { id: sender._id })}>Profile</Link>
      </p>
      <p class="buttons">
        {stream.status === "active" && (
          <button type="button" class="button outlined" onClick={() => void perform(pin)}>
            Pin
          </button>
        )}
        {!isHost && (
          <>
            <button type="button" class="button outlined" onClick={() => void perform(timeout)}>
              Time out 10 min
            </button>
            <button type="button" class="button outlined" onClick={() => ask(mute)}>
              Mute…
            </button>
            <button type="button" class="button danger" onClick={() => ask(block)}>
              Block…
            </button>
          </>
        )}
        <button type="button" class="button danger" onClick={() => ask(remove)}>
          Delete…
        </button>
      </p>
    </Detail>
  );
}
