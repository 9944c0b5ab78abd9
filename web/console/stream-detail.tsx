import { useRef } from "preact/hooks";
import { type ChatSettings, ChatSettingsFields } from "../host/chat-settings.tsx";
import { type Action, ask, perform } from "./actions.tsx";
import { call, deletion, request } from "./api.ts";
import type { List } from "./list.ts";
import { useLoad } from "./load.ts";
import { StreamOverlayKeys } from "./overlay-keys.tsx";
import { hrefOf, setFilters } from "./router.ts";
import { isAdmin, ownId } from "./session.ts";
import type { Stream } from "./stream-scope.tsx";
import { Detail, Facts, formatted, Link, labelOf, Moment, PersonCell, Refusal } from "./ui.tsx";

const says: Record<string, string> = {
  active: "live",
  cancelled_by_host: "cancelled",
  cancelled_by_guest: "cancelled",
};

/** A stream's status as a coloured label. */
export const Status = ({ stream }: { stream: Stream }) => (
  <span class={`status ${stream.status === "active" ? "live" : ""}`}>
    {labelOf(says[stream.status] ?? stream.status)}
  </span>
);

type Props = { stream: Stream; list: List<Stream> };

/** A stream's metrics, chat settings and actions. */
export function StreamDetail({ stream, list }: Props) {
  const path = { streamId: stream.id };
  const isLive = stream.status === "active";
  const { value, refused, reload } = useLoad(stream.id, async () => {
    const [watched, gifts, viewers] = await Promise.all([
      call("GET /api/v1/participant/stream/{streamId}/statistics", { path }),
      call("GET /api/v1/live-stream/{streamId}/gift-statistics", { path }),
      call("GET /api/v1/live-stream/{streamId}/viewers", { path, query: { limit: 1 } }),
    ]);
    return { watched, gifts, now: viewers.pagination.totalItems };
  });
  const mayHost = isAdmin.value || stream.creator._id === ownId.value;
  return (
    <Detail title={stream.title} close={() => setFilters({ id: "" })}>
      <Facts
        facts={[
          ["Host", <PersonCell key="host" person={stream.creator} />],
          ["Status", <Status key="status" stream={stream} />],
          ["Started", <Moment key="started" at={stream.startedAt} />],
          !isLive && ["Ended", <Moment key="ended" at={stream.endedAt} />],
          ["ID", <code key="id">{stream.id}</code>],
        ]}
      />
      {refused && <Refusal refused={refused} retry={reload} />}
      <Facts
        facts={[
          ["Watching now", value ? formatted(value.now) : "–"],
          ["Peak viewers", value ? formatted(value.watched.peakViewers) : "–"],
          ["Total viewers", value ? formatted(value.watched.totalViewers) : "–"],
          ["Gifts", value ? formatted(value.gifts.totalCount) : "–"],
        ]}
      />
      <p class="links">
        <Link href={hrefOf("chat", { stream: stream.id })}>Chat</Link>
        {isLive && <Link href={hrefOf("viewers", { stream: stream.id })}>Viewers</Link>}
        <Link href={hrefOf("bans", { stream: stream.id })}>Bans</Link>
        <Link href={hrefOf("log", { stream: stream.id })}>Moderation log</Link>
        {isAdmin.value && <Link href={hrefOf("refunds", { stream: stream.id })}>Gifts</Link>}
      </p>
      {mayHost && (
        <p class="buttons">
          {endsOf(stream, list).map((action) => (
            <button
              key={action.verb}
              type="button"
              class="button danger"
              onClick={() => ask(action)}
            >
              {`${action.verb}…`}
            </button>
          ))}
        </p>
      )}
      {isLive && <ChatSettingsForm stream={stream} list={list} />}
      {mayHost && <StreamOverlayKeys stream={stream} />}
    </Detail>
  );
}

/** The action that removes a stream: a live one is ended, any other is deleted. */
function endsOf(stream: Stream, list: List<Stream>): Action[] {
  const path = `/api/v1/live-stream/${stream.id}`;
  const end: Action = {
    title: `End ${stream.title}`,
    warns: "Ends the stream for everyone. You cannot restart it.",
    verb: "End stream",
    request: request("POST", `${path}/end`),
    done(answer: Stream) {
      list.put(answer);
      return `${stream.title} has ended.`;
    },
  };
  const cancel: Action = {
    title: `Cancel ${stream.title}`,
    warns: "Reminders will not be sent.",
    verb: "Cancel stream",
    request: request("POST", `${path}/cancel`),
    done(answer: Stream) {
      list.put(answer);
      return `${stream.title} is cancelled.`;
    },
  };
  const remove: Action = {
    title: `Delete ${stream.title}`,
    warns: "Removes the stream for everyone. Its payments stay in the ledger.",
    verb: "Delete stream",
    request: deletion(path, "stream_not_found"),
    done() {
      list.remove(stream.id);
      return `${stream.title} is deleted.`;
    },
  };
  if (stream.status === "active") return [end];
  const mayBegin = stream.status === "scheduled" || stream.status === "preparing";
  return mayBegin ? [cancel, remove] : [remove];
}

/** What the toast says of a change. */
function saysOf({ slowModeSeconds, followersOnly, giftsEnabled }: Partial<ChatSettings>): string {
  if (followersOnly !== undefined) return `Followers only is ${followersOnly ? "on" : "off"}`;
  if (giftsEnabled !== undefined) return `Gifts are ${giftsEnabled ? "on" : "off"}`;
  return `Slow mode is ${slowModeSeconds ? `${slowModeSeconds} s` : "off"}`;
}

function ChatSettingsForm({ stream, list }: Props) {
  // Two changes may be under way: neither must undo the other.
  const latest = useRef(stream);
  latest.current = stream;
  const actionOf = (
    settings: Partial<ChatSettings>,
    before: Partial<ChatSettings>,
    says = saysOf(settings),
  ): Action => ({
    title: "Change chat settings",
    verb: "Save",
    request: request("PATCH", `/api/v1/live-stream/${stream.id}/chat-settings`, settings),
    done() {
      list.put({ ...latest.current, ...settings });
      return `${says} in ${stream.title}.`;
    },
    undo: () => actionOf(before, settings, "Chat settings restored"),
  });
  const change = (settings: Partial<ChatSettings>) => {
    const before = Object.fromEntries(
      Object.keys(settings).map((name) => [name, stream[name as keyof ChatSettings]]),
    );
    return perform(actionOf(settings, before));
  };
  return (
    <section aria-label="Chat settings">
      <h3>Chat settings</h3>
      <ChatSettingsFields settings={stream} change={change} />
    </section>
  );
}
