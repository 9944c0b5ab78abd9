import { signal } from "@preact/signals";
import { type Client, createClient } from "../../client/index.ts";
import { fetchBill } from "../runner.ts";
import { call } from "./api.ts";
import { session } from "./session.ts";

/** Metrics of this machine per second, newest last; a delay is missing if nothing arrived. */
export type Figures = {
  seconds: number[];
  events: number[];
  posts: number[];
  delay: (number | null)[];
  credits: number[];
};

const none: Figures = { seconds: [], events: [], posts: [], delay: [], credits: [] };
const kept = 120;
const tickMilliseconds = 1_000;
const streamsMilliseconds = 10_000;
const streamsMax = 20;

export const figures = signal<Figures>(none);

/** Posts to sockets since the runner started. */
async function countPosts(): Promise<number> {
  const { byOperation } = await fetchBill();
  return byOperation["execute-api:PostToConnection"]?.requests ?? 0;
}

/** Collects the metrics of all live streams until it is stopped. */
export function watchFigures(): () => void {
  const client = createClient({
    url: location.origin,
    token: () => session.value?.token ?? "",
    onError() {},
  });
  const followed = new Set<string>();
  const second = { events: 0, credits: 0, delay: 0 };
  let posts: number | undefined;
  const follow = () => followLive(client, followed, second);
  const tick = async () => {
    const { events, credits, delay } = second;
    Object.assign(second, { events: 0, credits: 0, delay: 0 });
    const now = await countPosts().catch(() => undefined);
    const posted = now === undefined || posts === undefined ? 0 : Math.max(0, now - posts);
    posts = now ?? posts;
    const { value } = figures;
    figures.value = {
      seconds: [...value.seconds, Date.now() / 1000].slice(-kept),
      events: [...value.events, events].slice(-kept),
      posts: [...value.posts, posted].slice(-kept),
      delay: [...value.delay, events === 0 ? null : delay / events].slice(-kept),
      credits: [...value.credits, credits].slice(-kept),
    };
  };
  void follow();
  const timers = [
    setInterval(() => void tick(), tickMilliseconds),
    setInterval(() => void follow(), streamsMilliseconds),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
    client.close();
    figures.value = none;
  };
}

type Second = { events: number; credits: number; delay: number };

/** Subscribes to live streams that are not followed yet. */
async function followLive(client: Client, followed: Set<string>, second: Second): Promise<void> {
  const listed = await call("GET /api/v1/live-stream", {}).catch(() => []);
  const streams = "list" in listed ? listed.list : listed;
  const live = streams.filter(({ status }) => status === "active").slice(0, streamsMax);
  for (const { id } of live.filter(({ id }) => !followed.has(id))) {
    followed.add(id);
    client.subscribe(id, {
      onEvent({ type, at, data }) {
        second.events++;
        second.delay += Math.max(0, Date.now() - Date.parse(at));
        if (type === "gift.sent")
          second.credits += data.giftType.creditAmount * data.count * data.receivers.length;
        if (type === "superlike.sent") second.credits += data.price;
      },
      onEnd: () => void followed.delete(id),
    });
  }
}
