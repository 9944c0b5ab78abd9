import { call, wish } from "./api.ts";
import { ask, type Deed, perform } from "./deeds.tsx";
import { Select, Switch } from "./fields.tsx";
import { useLoad } from "./load.ts";
import type { Stream } from "./of-stream.tsx";
import { OverlayKeys } from "./overlay-keys.tsx";
import { Detail, Facts, formatted, Link, Moment, PersonCell, Refusal } from "./pieces.tsx";
import { hrefOf, set } from "./place.ts";
import { isAdmin, ownId } from "./session.ts";

const says: Record<string, string> = {
  active: "live",
  cancelled_by_host: "cancelled",
  cancelled_by_guest: "cancelled",
};

/** How a stream stands, in a word and a colour. */
export const Status = ({ stream }: { stream: Stream }) => (
  <span class={`status ${stream.status === "active" ? "live" : ""}`}>
    {says[stream.status] ?? stream.status}
  </span>
);

/** Seconds between two messages of a viewer. */
const slowModes = [0, 5, 10, 30, 120];

type Given = {
  stream: Stream;
  took(stream: Stream): void;
  /** The stream is there no more. */
  lost(): void;
};

/** What a stream is like, its rules, and how it is ended. */
export function StreamDetail({ stream, took, lost }: Given) {
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
    <Detail title={stream.title} close={() => set({ id: "" })}>
      <Facts
        facts={[
          ["Host", <PersonCell key="host" person={stream.creator} />],
          ["Status", <Status key="status" stream={stream} />],
          ["Began", <Moment key="began" at={stream.startedAt} />],
          !isLive && ["Ended", <Moment key="ended" at={stream.endedAt} />],
          ["Id", <code key="id">{stream.id}</code>],
        ]}
      />
      {refused && <Refusal refused={refused} retry={reload} />}
      {value && (
        <Facts
          facts={[
            ["Watching now", formatted(value.now)],
            ["Most at once", formatted(value.watched.peakViewers)],
            ["Viewers in all", formatted(value.watched.totalViewers)],
            ["Gifts", formatted(value.gifts.totalCount)],
          ]}
        />
      )}
      <p class="links">
        <Link href={hrefOf("chat", { stream: stream.id })}>Chat</Link>
        {isLive && <Link href={hrefOf("viewers", { stream: stream.id })}>Viewers</Link>}
        <Link href={hrefOf("bans", { stream: stream.id })}>Bans</Link>
        <Link href={hrefOf("log", { stream: stream.id })}>Moderation log</Link>
        {isAdmin.value && <Link href={hrefOf("refunds", { stream: stream.id })}>Gifts</Link>}
      </p>
      {isLive && <Rules stream={stream} took={took} />}
      {mayHost && <OverlayKeys stream={stream} />}
      {mayHost && (
        <p class="buttons">
          {endsOf(stream, took, lost).map((deed) => (
            <button key={deed.verb} type="button" class="button danger" onClick={() => ask(deed)}>
              {deed.verb} …
            </button>
          ))}
        </p>
      )}
    </Detail>
  );
}

/** What ends a stream as it stands: one that is live is ended, any other can be deleted. */
function endsOf(stream: Stream, took: Given["took"], lost: Given["lost"]): Deed[] {
  const path = `/api/v1/live-stream/${stream.id}`;
  const end: Deed = {
    title: `End ${stream.title}`,
    warns: "It ends at once for everybody, and cannot be started again.",
    verb: "End the stream",
    wish: wish("POST", `${path}/end`),
    done(answer: Stream) {
      took(answer);
      return `${stream.title} has ended.`;
    },
  };
  const cancel: Deed = {
    title: `Call off ${stream.title}`,
    warns: "Nobody who asked for a reminder will get one.",
    verb: "Call it off",
    wish: wish("POST", `${path}/cancel`),
    done(answer: Stream) {
      took(answer);
      return `${stream.title} is called off.`;
    },
  };
  const remove: Deed = {
    title: `Delete ${stream.title}`,
    warns: "Nobody finds it any more. What was paid in it stays in the ledger.",
    verb: "Delete the stream",
    wish: wish("DELETE", path),
    done() {
      lost();
      return `${stream.title} is deleted.`;
    },
  };
  if (stream.status === "active") return [end];
  const mayBegin = stream.status === "scheduled" || stream.status === "preparing";
  return mayBegin ? [cancel, remove] : [remove];
}

type RuleSet = Pick<Stream, "slowModeSeconds" | "followersOnly" | "giftsEnabled">;

function Rules({ stream, took }: Pick<Given, "stream" | "took">) {
  const { slowModeSeconds, followersOnly, giftsEnabled } = stream;
  const deedOf = (title: string, rules: Partial<RuleSet>, before: Partial<RuleSet>): Deed => ({
    title,
    verb: title,
    wish: wish("PATCH", `/api/v1/live-stream/${stream.id}/chat-settings`, rules),
    done() {
      took({ ...stream, ...rules });
      return `${title} in ${stream.title}.`;
    },
    undo: () => deedOf("The rules are as they were", before, rules),
  });
  const change = (title: string, rules: Partial<RuleSet>) => {
    const before = Object.fromEntries(
      Object.keys(rules).map((name) => [name, stream[name as keyof RuleSet]]),
    );
    void perform(deedOf(title, rules, before));
  };
  return (
    <section aria-label="Rules of the chat" class="rules">
      <h3>Rules of the chat</h3>
      <Select
        name="Slow mode"
        isInline
        value={`${slowModeSeconds}`}
        choices={[...new Set([...slowModes, slowModeSeconds])]
          .sort((a, b) => a - b)
          .map((seconds) => ({
            value: `${seconds}`,
            title: seconds === 0 ? "Off" : `${seconds} s`,
          }))}
        change={(value) =>
          change(value === "0" ? "Slow mode is off" : `Slow mode is ${value} s`, {
            slowModeSeconds: Number(value),
          })
        }
      />
      <Switch
        name="Only followers may write"
        isOn={followersOnly}
        change={(isOn) =>
          change(isOn ? "Only followers may write" : "Everybody may write", {
            followersOnly: isOn,
          })
        }
      />
      <Switch
        name="Viewers may give"
        isOn={giftsEnabled}
        change={(isOn) => change(isOn ? "Gifts are on" : "Gifts are off", { giftsEnabled: isOn })}
      />
    </section>
  );
}
