import { useEffect } from "preact/hooks";
import { LoadingRows } from "../host/action.tsx";
import { fetchAlarms } from "../runner.ts";
import { call } from "./api.ts";
import { Chart } from "./chart.tsx";
import { followedMax, type Live, live, refused, samples, watchFigures } from "./figures.ts";
import { useLoad } from "./load.ts";
import { go, hrefOf } from "./router.ts";
import { isAdmin, isLocal } from "./session.ts";
import { type Column, Table } from "./table.tsx";
import { EmptyState, formatted, Link, Moment, PersonCell, Refusal, Truncated } from "./ui.tsx";

/** The charts, in reading order: who is there, what they do, and how fast it arrives. */
const charts = [
  { name: "viewers", title: "Viewers", unit: "" },
  { name: "messages", title: "Messages", unit: "/min" },
  { name: "credits", title: "Gift credits", unit: "/min" },
  { name: "streams", title: "Live streams", unit: "" },
  { name: "delay", title: "Delivery delay", unit: "ms" },
  { name: "removals", title: "Deletions and bans", unit: "/min" },
] as const;

/** The state of the system over the last hour, and the streams that are live. */
export function Home() {
  useEffect(watchFigures, []);
  const seconds = samples.value.map((sample) => sample.seconds);
  return (
    <div class="home">
      {isAdmin.value && <Attention />}
      <div class="charts">
        {charts.map(({ name, ...given }) => (
          <Chart
            key={name}
            {...given}
            seconds={seconds}
            values={samples.value.map((sample) => ("streams" in sample ? sample[name] : null))}
          />
        ))}
      </div>
      <LiveStreams />
    </div>
  );
}

const columns: Column<Live>[] = [
  { title: "Title", isGrowing: true, cell: ({ stream }) => <Truncated text={stream.title} /> },
  {
    title: "Host",
    isWide: true,
    cell: ({ stream }) => <PersonCell person={stream.creator} />,
  },
  { title: "Viewers", isNumber: true, cell: ({ viewers }) => formatted(viewers) },
  { title: "Started", isWide: true, cell: ({ stream }) => <Moment at={stream.startedAt} /> },
];

function LiveStreams() {
  const rows = live.value;
  return (
    <section class="live-streams" aria-label="Live now">
      <h2>Live now</h2>
      {refused.value !== undefined ? (
        <Refusal refused={refused.value} />
      ) : rows === undefined ? (
        <LoadingRows />
      ) : rows.length === 0 ? (
        <EmptyState says="No live streams">
          <Link href={hrefOf("streams", { status: "all" })}>All streams</Link>
        </EmptyState>
      ) : (
        <Table
          label="Live streams"
          columns={columns}
          rows={rows}
          idOf={({ stream }) => stream.id}
          open={({ stream }) => go(hrefOf("streams", { id: stream.id }))}
        />
      )}
      {rows?.length === followedMax && (
        <p class="more quiet">The charts and this list include the newest {followedMax} streams.</p>
      )}
    </section>
  );
}

const refreshMilliseconds = 30_000;

/** Items that need an operator's attention: alarms of this machine, and parked records. */
function Attention() {
  const { value, refused, reload } = useLoad("attention", async () => {
    const [parked, alarms] = await Promise.all([
      call("GET /api/v1/operations/parked"),
      isLocal.value ? fetchAlarms() : undefined,
    ]);
    return {
      parked: parked.list.length,
      hasMore: parked.pageInfo.nextCursor !== null,
      alarms: alarms?.filter(({ state }) => state === "ALARM"),
    };
  });
  useEffect(() => {
    const timer = setInterval(() => void reload(), refreshMilliseconds);
    return () => clearInterval(timer);
  }, []);
  if (refused) return <Refusal refused={refused} retry={reload} />;
  const { parked = 0, alarms } = value ?? {};
  const count = `${parked}${value?.hasMore ? "+" : ""}`;
  return (
    <div class="attention">
      <p>
        {value === undefined && <span class="quiet">Checking…</span>}
        {alarms && (
          <span class={`status ${alarms.length === 0 ? "live" : "broken"}`}>
            {alarms.length === 0 ? "No alarms" : `Alarms: ${alarms.length}`}
          </span>
        )}
        {value && (
          <span class={`status ${parked === 0 ? "live" : "broken"}`}>
            {parked === 0 ? (
              "No parked records"
            ) : (
              <Link href={hrefOf("parked")}>Parked records: {count}</Link>
            )}
          </span>
        )}
      </p>
      {alarms?.map(({ name, description }) => (
        <p key={name} class="refusal">
          <b>{name}</b> {description}
        </p>
      ))}
    </div>
  );
}
