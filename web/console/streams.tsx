import { call, wish } from "./api.ts";
import { ask, perform } from "./deeds.tsx";
import { Choice, type Stream, Switch } from "./fields.tsx";
import { useLoad } from "./load.ts";
import {
  type Column,
  Detail,
  Facts,
  formatted,
  Link,
  Moment,
  Nothing,
  PersonCell,
  Refusal,
  Skeleton,
  Table,
} from "./pieces.tsx";
import { filter, hrefOf, set } from "./place.ts";
import { isAdmin, ownId } from "./session.ts";

/** The streams that whoever is signed in may moderate. */
export const useStreams = () =>
  useLoad("streams", () => call("GET /api/v1/live-stream", { query: { moderated: true } }));

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

const columns: Column<Stream>[] = [
  { title: "Title", cell: ({ title }) => <bdi class="cut">{title}</bdi> },
  { title: "Host", cell: ({ creator }) => <PersonCell person={creator} /> },
  { title: "Status", cell: (stream) => <Status stream={stream} /> },
  { title: "Began", isWide: true, cell: ({ startedAt }) => <Moment at={startedAt} /> },
];

const shownOf = (streams: readonly Stream[]) =>
  filter("status") === "all" ? streams : streams.filter(({ status }) => status === "active");

/** Who is live, and the rules of each stream. */
export function Streams() {
  const { value, refused, reload, change } = useStreams();
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (value === undefined) return <Skeleton />;
  const rows = shownOf(value);
  const chosen = value.find(({ id }) => id === filter("id"));
  const isAll = filter("status") === "all";
  return (
    <>
      <div class="filters">
        <Choice
          name="Which streams"
          value={isAll ? "all" : ""}
          choices={[
            ["", "Live now"],
            ["all", "All"],
          ]}
          change={(status) => set({ status })}
        />
      </div>
      <div class={`split ${chosen ? "has-detail" : ""}`}>
        {rows.length === 0 ? (
          <Nothing
            says={
              isAll
                ? "No streams yet. Start one and it appears here."
                : "Nobody is live now. The next stream appears here when it begins."
            }
          />
        ) : (
          <Table
            label="Streams"
            columns={columns}
            rows={rows}
            idOf={({ id }) => id}
            selected={filter("id")}
            open={({ id }) => set({ id })}
          />
        )}
        {chosen && (
          <StreamDetail
            key={chosen.id}
            stream={chosen}
            took={(stream) =>
              change((all) => all.map((one) => (one.id === stream.id ? stream : one)))
            }
          />
        )}
      </div>
    </>
  );
}

type Rules = Pick<Stream, "slowModeSeconds" | "followersOnly" | "giftsEnabled">;

function StreamDetail({ stream, took }: { stream: Stream; took(stream: Stream): void }) {
  const path = `/api/v1/live-stream/${stream.id}`;
  const viewers = useLoad(stream.id, () =>
    call("GET /api/v1/live-stream/{streamId}/viewers", {
      path: { streamId: stream.id },
      query: { limit: 1 },
    }),
  );
  const changeRules = (title: string, rules: Partial<Rules>) =>
    perform({
      title,
      verb: title,
      wish: wish("PATCH", `${path}/chat-settings`, rules),
      done() {
        took({ ...stream, ...rules });
        return `${title} in ${stream.title}.`;
      },
    });
  const end = () =>
    ask({
      title: `End ${stream.title}`,
      warns: "Everybody's stream ends at once. It cannot be begun again.",
      verb: "End the stream",
      wish: wish("POST", `${path}/end`),
      done(answer: Stream) {
        took(answer);
        return `${stream.title} has ended.`;
      },
    });
  const isLive = stream.status === "active";
  const mayEnd = isLive && (isAdmin.value || stream.creator._id === ownId.value);
  return (
    <Detail title={stream.title} close={() => set({ id: "" })}>
      <Facts
        facts={[
          ["Host", <PersonCell key="host" person={stream.creator} />],
          ["Status", <Status key="status" stream={stream} />],
          [
            "Watching",
            <span key="n" class="number">
              {formatted(viewers.value?.pagination.totalItems ?? 0)}
            </span>,
          ],
          ["Id", <code key="id">{stream.id}</code>],
        ]}
      />
      <p class="links">
        <Link href={hrefOf("bans", { stream: stream.id })}>Bans</Link>
        <Link href={hrefOf("log", { stream: stream.id })}>Moderation log</Link>
        {isAdmin.value && <Link href={hrefOf("refunds", { stream: stream.id })}>Gifts</Link>}
      </p>
      {isLive && (
        <>
          <h3>Rules of the chat</h3>
          <Switch
            name="Slow mode, 10 s"
            isOn={stream.slowModeSeconds > 0}
            change={(isOn) =>
              changeRules(isOn ? "Slow mode is on" : "Slow mode is off", {
                slowModeSeconds: isOn ? 10 : 0,
              })
            }
          />
          <Switch
            name="Only followers may write"
            isOn={stream.followersOnly}
            change={(followersOnly) =>
              changeRules(followersOnly ? "Only followers may write" : "Everybody may write", {
                followersOnly,
              })
            }
          />
          <Switch
            name="Viewers may give"
            isOn={stream.giftsEnabled}
            change={(giftsEnabled) =>
              changeRules(giftsEnabled ? "Gifts are on" : "Gifts are off", { giftsEnabled })
            }
          />
        </>
      )}
      {mayEnd && (
        <button type="button" class="button danger" onClick={end}>
          End this stream
        </button>
      )}
    </Detail>
  );
}
