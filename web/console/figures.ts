import { signal } from "@preact/signals";
import { createClient, type Event, type Subscription } from "../../client/index.ts";
import { creditsOfGift } from "../chat/tier.ts";
import { noteServerTime, serverNow } from "../server-time.ts";
import { type Refused, refusedOf } from "./api.ts";
import { noteConnection } from "./offline-strip.tsx";
import { ownId, session } from "./session.ts";
import { listStreams, type Stream } from "./stream-scope.tsx";

/** Metrics of the live streams, one value per sample. */
type Sample = {
  /** The time of the sample, in seconds since 1970. */
  seconds: number;
  streams: number;
  viewers: number;
  /** Messages, gift credits, and removed messages and users, a minute. */
  messages: number;
  credits: number;
  removals: number;
  /**
   * From an event's time to its arrival here, in milliseconds; null if there was no event. Events
   * that were missed and came after an outage do not count.
   */
  delay: number | null;
};
/** A time at which nothing was measured: it interrupts the lines. */
type Gap = { seconds: number };

/** A live stream and its current viewers. */
export type Live = { stream: Stream; viewers: number };

const sampleMilliseconds = 5_000;
/** An hour of samples. */
const samplesMax = 720;
/** Rates and delays are those of the last minute, or of a longer time without samples. */
const rateMilliseconds = 60_000;
/** Streams are listed again with every sixth sample: twice a minute. */
const samplesPerList = 6;
/** Live streams that are followed at once. */
export const followedMax = 20;

/** The samples of the last hour, newest last. */
export const samples = signal<readonly (Sample | Gap)[]>([]);
/** The followed streams, most viewers first; undefined until they are listed. */
export const live = signal<readonly Live[] | undefined>(undefined);
/** Why the streams could not be listed. */
export const refused = signal<Refused | undefined>(undefined);

/** What has arrived since a time of `performance.now()`. */
type Count = Record<"since" | "messages" | "credits" | "removals" | "delay" | "events", number>;
const zero = (): Count => ({
  since: performance.now(),
  messages: 0,
  credits: 0,
  removals: 0,
  delay: 0,
  events: 0,
});

/** The user whose streams were sampled. */
let measuredBy = "";

/**
 * Now, in milliseconds. The server's time may be a second late, so this machine's clock counts
 * unless it is further off.
 */
function now(): number {
  const [own, servers] = [Date.now(), serverNow()];
  return own >= servers && own - servers <= 1_000 ? own : servers;
}

/** Adds an event that arrived now; one from before `onlineAt` has waited for the connection. */
function count(sums: Count, { type, at, data }: Event, onlineAt: number): void {
  if (Date.parse(at) >= onlineAt) {
    noteServerTime(at);
    sums.events++;
    sums.delay += Math.max(0, now() - Date.parse(at));
  }
  if (type === "chat.message") sums.messages++;
  else if (type === "gift.sent") sums.credits += creditsOfGift(data);
  else if (type === "superlike.sent") sums.credits += data.price;
  else if (type === "chat.deleted" || type === "member.banned") sums.removals++;
}

/**
 * The sample of now, from the counts of the last minute. The minute is measured, because browsers
 * delay the timers of a hidden page.
 */
function measure(counts: readonly Count[], streams: readonly Live[]): Sample {
  const sum = (name: keyof Count) => counts.reduce((total, one) => total + one[name], 0);
  const since = Math.min(...counts.map((one) => one.since));
  const perMinute = 60_000 / (performance.now() - since);
  return {
    seconds: Date.now() / 1000,
    streams: streams.length,
    viewers: streams.reduce((total, { viewers }) => total + viewers, 0),
    messages: sum("messages") * perMinute,
    credits: sum("credits") * perMinute,
    removals: sum("removals") * perMinute,
    delay: sum("events") === 0 ? null : sum("delay") / sum("events"),
  };
}

const add = (sample: Sample | Gap) => {
  samples.value = [...samples.value, sample].slice(-samplesMax);
};

const addGap = () => add({ seconds: Date.now() / 1000 });

/**
 * Follows the live streams that the signed-in user may moderate, until the returned function is
 * called; the user counts as a viewer of each. The samples stay for the next time.
 */
export function watchFigures(): () => void {
  let onlineAt = 0;
  let isOffline = false;
  const client = createClient({
    url: location.origin,
    token: () => session.value?.token ?? "",
    onState(state) {
      if (state === "online") onlineAt = now();
      isOffline = state === "offline";
      noteConnection("figures", isOffline);
    },
    onError() {},
  });
  const followed = new Map<string, { stream: Stream; subscription: Subscription }>();
  let current = zero();
  const counts = [current];
  const follow = (stream: Stream) => {
    const subscription = client.subscribe(stream.id, {
      onEvent(event) {
        count(current, event, onlineAt);
        if (event.type === "stream.ended") subscription.close();
      },
      onEnd: () => void followed.delete(stream.id),
    });
    followed.set(stream.id, { stream, subscription });
  };
  const show = () => {
    live.value = [...followed.values()]
      .map(({ stream, subscription }) => ({ stream, viewers: subscription.viewers() }))
      .sort((a, b) => b.viewers - a.viewers);
  };
  const list = () =>
    listStreams().then(
      (streams) => {
        if (isStopped) return;
        const active = streams.filter(({ status }) => status === "active").slice(0, followedMax);
        const ids = new Set(active.map(({ id }) => id));
        for (const { stream, subscription } of [...followed.values()])
          if (!ids.has(stream.id)) subscription.close();
        for (const stream of active) if (!followed.has(stream.id)) follow(stream);
        refused.value = undefined;
        show();
      },
      (error: unknown) => {
        if (!isStopped) refused.value = refusedOf(error);
      },
    );
  let isStopped = false;
  let taken = 0;
  const sample = () => {
    if (++taken % samplesPerList === 0) void list();
    if (live.value !== undefined && (isOffline || (followed.size === 0 && refused.value)))
      return addGap();
    if (live.value !== undefined) {
      show();
      add(measure(counts, live.value));
    }
    current = zero();
    counts.push(current);
    while (current.since - (counts[1]?.since ?? current.since) >= rateMilliseconds) counts.shift();
  };
  [live.value, refused.value] = [undefined, undefined];
  if (measuredBy !== ownId.value) samples.value = [];
  else if (samples.value.length > 0) addGap();
  measuredBy = ownId.value;
  void list();
  const timer = setInterval(sample, sampleMilliseconds);
  return () => {
    isStopped = true;
    clearInterval(timer);
    client.close();
    noteConnection("figures", false);
  };
}
