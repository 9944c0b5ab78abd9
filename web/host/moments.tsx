import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { CallResult, Sums } from "../../client/index.ts";
import { unlessRefused } from "../chat/reason.ts";
import { clockOf } from "../clock.ts";
import { formatted } from "../formats.ts";
import { serverNow } from "../server-time.ts";
import {
  ConfirmButton,
  ErrorText,
  type Host,
  LoadingRows,
  MoreButton,
  useAction,
} from "./action.tsx";
import { NewMoment } from "./new-moment.tsx";

export type Moment = CallResult<"POST /api/v1/live-stream/{streamId}/moments">;
type MomentList = CallResult<"GET /api/v1/live-stream/{streamId}/moments">;

const route = "/api/v1/live-stream/{streamId}/moments" as const;
const limit = 20;
const percents = new Intl.NumberFormat("en", { style: "percent" });

/** A moment's progress: votes by option, or the state of a goal or train. */
type Standing = { values: readonly number[]; of: number };

/** A moment's progress by its result or its sum; undefined if neither is known. */
function standingOf(moment: Moment, sum: unknown): Standing | undefined {
  const { kind, result, target } = moment;
  if (kind === "poll") {
    const votes = (result && "votes" in result && result.votes) || sum;
    if (!Array.isArray(votes)) return undefined;
    return {
      values: votes,
      of: Math.max(
        1,
        votes.reduce((all, one) => all + one, 0),
      ),
    };
  }
  if (kind === "train") {
    const [, credits, next] = Array.isArray(sum) ? sum : [];
    const has = result && "credits" in result ? result.credits : credits;
    return typeof has === "number" ? { values: [has], of: next ?? Math.max(1, has) } : undefined;
  }
  const amount = result && "amount" in result ? result.amount : [sum].flat()[0];
  return typeof amount === "number" ? { values: [amount], of: target ?? 1 } : undefined;
}

/** `heading`: the level of its headings, one below that of the page or the card around it. */
type Props = { host: Host; streamId: string; heading: 2 | 3 };

/**
 * A stream's polls, goals and trains: starts, ends and cancels them, live, and lists earlier ones.
 */
export function Moments({ host, streamId, heading }: Props) {
  const open = useSignal<readonly Moment[] | undefined>(undefined);
  const sums = useSignal<Sums>({});
  const past = useSignal<readonly Moment[] | undefined>(undefined);
  const next = useSignal<string | null>(null);
  const { act, errorText } = useAction();
  // Separate from `act`, for its own error.
  const reading = useAction();
  const path = { streamId };
  const read = (after?: string): Promise<MomentList> =>
    host.call(`GET ${route}`, { path, query: { limit, ...(after && { after }) } });
  /** Adds moments to the ended ones, without duplicates; a counted one stays counted. */
  const note = (over: readonly Moment[], isOlder = false) => {
    const known = past.peek() ?? [];
    // An answer may arrive after the event with the result.
    const counted = new Map(known.filter(({ result }) => result).map((one) => [one.id, one]));
    const added = over.map((one) => counted.get(one.id) ?? one);
    const others = known.filter(({ id }) => !over.some((one) => one.id === id));
    past.value = isOlder ? [...others, ...added] : [...added, ...others];
  };
  const readFirst = (isAgain = false) => {
    reading.forget();
    return reading.act(async () => {
      const { list, sums: read_, pageInfo } = await read();
      open.value ??= list.filter(({ status }) => status === "open");
      sums.value = { ...(read_ as Sums), ...sums.peek() };
      const over = list.filter(({ status }) => status !== "open");
      note(over, !isAgain);
      if (!isAgain) next.value = pageInfo.nextCursor;
    });
  };
  useEffect(() => {
    const subscription = host.subscribe(streamId, {
      onSums(newSums, moments) {
        sums.value = newSums;
        open.value = moments;
      },
      onEvent({ type, data }) {
        if (type === "moment.ended") note([data]);
      },
      // The event of a moment's end may have been in the lost frames.
      onReset: () => void readFirst(true),
    });
    // Not earlier: a moment that ended before the subscription would be in neither list.
    subscription.ready.catch(() => {}).then(() => readFirst());
    return () => subscription.close();
  }, [host, streamId]);
  const more = () =>
    reading.act(async () => {
      const { list, pageInfo } = await read(next.peek() ?? undefined);
      note(list, true);
      next.value = pageInfo.nextCursor;
    });
  const finish = (how: "end" | "cancel", momentId: string) =>
    act(async () => {
      const ended = await host
        .call(`POST ${route}/{momentId}/${how}`, { path: { streamId, momentId } })
        .catch(unlessRefused("moment_over"));
      if (ended) note([ended]);
      else await readFirst(true);
    }, momentId);
  // The client lists an ended moment as open until it is counted.
  const live = open.value?.filter(({ id }) => !past.value?.some((one) => one.id === id));
  return (
    <div class="moments">
      <NewMoment
        streamId={streamId}
        start={async (body, key) => {
          const started = await host.call(`POST ${route}`, { path, body, key });
          // Viewers may see the moment, and the host may end it, before this response arrives.
          const known = [...(open.peek() ?? []), ...(past.peek() ?? [])];
          if (!known.some(({ id }) => id === started.id))
            open.value = [...(open.peek() ?? []), started];
        }}
      />
      <ErrorText text={errorText} />
      <ErrorText
        text={reading.errorText}
        retry={past.value === undefined ? () => readFirst() : undefined}
      />
      {open.value === undefined && reading.errorText === "" && <LoadingRows />}
      <ul class="moment-list" aria-label="Open polls, goals and hype trains">
        {live?.map((moment) => (
          <li key={moment.id}>
            <MomentCard
              moment={moment}
              heading={heading}
              finish={finish}
              sum={sums.value[moment.id]}
            />
          </li>
        ))}
      </ul>
      <History past={past.value} sums={sums.value} heading={heading} />
      {next.value !== null && <MoreButton isBusy={reading.isBusy} more={more} />}
    </div>
  );
}

type HistoryProps = Pick<Props, "heading"> & { past: readonly Moment[] | undefined; sums: Sums };

function History({ past, sums, heading }: HistoryProps) {
  const Title = `h${heading}` as const;
  return (
    <>
      <Title>History</Title>
      {past?.length === 0 && <p class="quiet">No polls, goals or hype trains yet</p>}
      <ul class="moment-list" aria-label="Earlier polls and goals">
        {past?.map((moment) => (
          <li key={moment.id}>
            <MomentCard moment={moment} sum={sums[moment.id]} heading={heading === 2 ? 3 : 4} />
          </li>
        ))}
      </ul>
    </>
  );
}

type CardProps = {
  moment: Moment;
  sum: unknown;
  heading: 2 | 3 | 4;
  finish?: (how: "end" | "cancel", momentId: string) => Promise<unknown>;
};

/** One poll, goal or hype train with its bars. */
function MomentCard({ moment, sum, heading, finish }: CardProps) {
  const Title = `h${heading}` as const;
  const { id, kind, options, of, status, result, endsAt, level } = moment;
  const title = kind === "train" ? "Hype train" : moment.title;
  const standing = standingOf(moment, sum);
  const winner = result && "winner" in result ? result.winner : null;
  const labels =
    kind === "poll" ? (options ?? []) : [kind === "train" ? `Level ${level ?? 0}` : `${of ?? ""}`];
  return (
    <article class="moment" aria-label={title ?? kind}>
      <header>
        <Title id={id}>
          <bdi>{title}</bdi>
        </Title>
        <span class="quiet">{status === "open" ? <Left endsAt={endsAt} /> : endingOf(moment)}</span>
      </header>
      {labels.map((label, at) => {
        const value = standing?.values[at] ?? 0;
        const share = Math.min(1, standing ? value / standing.of : 0);
        return (
          <div key={at} class={winner === at ? "bar is-winner" : "bar"}>
            <span>
              <bdi>{label}</bdi>
              <span class="number">
                {standing === undefined
                  ? "–"
                  : kind === "poll"
                    ? `${formatted(value)} · ${percents.format(share)}`
                    : `${formatted(value)} of ${formatted(standing.of)}`}
              </span>
            </span>
            <progress max={1} value={share} aria-label={label} />
          </div>
        );
      })}
      {finish && (
        <footer>
          <ConfirmButton verb="End" about={id} act={() => void finish("end", id)} />
          <ConfirmButton verb="Cancel" about={id} act={() => void finish("cancel", id)} />
        </footer>
      )}
    </article>
  );
}

function endingOf({ status, result, kind }: Moment): string {
  if (status === "cancelled") return "Cancelled";
  if (result === null) return "Counting…";
  if ("level" in result) return `Level ${result.level}`;
  if (kind === "goal") return "reached" in result && result.reached ? "Reached" : "Ended";
  if (!("voters" in result)) return "Ended";
  return `${formatted(result.voters)} ${result.voters === 1 ? "voter" : "voters"}`;
}

/** The remaining time, updated every second. */
function Left({ endsAt }: { endsAt: string | null }) {
  const now = useSignal(serverNow());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = serverNow();
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
  if (endsAt === null) return <>Open</>;
  const seconds = Math.max(0, Math.ceil((Date.parse(endsAt) - now.value) / 1_000));
  return <span class="number">{clockOf(seconds)} left</span>;
}
