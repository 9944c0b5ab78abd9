import type { Frame } from "../../domain/log/frame.ts";
import {
  firstLive,
  isOpening,
  type Subscriber,
  viewersAmong,
} from "../../domain/log/subscriber.ts";
import { lazyEach } from "../runtime/caches.ts";
import {
  stragglersMilliseconds,
  waitAtMost,
  waitForAll,
  waitForMost,
} from "../runtime/deadline.ts";
import { limits } from "../runtime/limits.ts";
import { dropSubscribed, forgetStream } from "../store/log/connections.ts";
import {
  isInSlice,
  listSubscribers,
  removeSubscriber,
  type Slice,
} from "../store/log/subscribers.ts";
import { isStillBlocked } from "../store/streams/members.ts";
import type { Audience, Outlet, Push, SliceOutlet } from "./audience.ts";
import { compactText } from "./encodings.ts";
import { type Payload, type PostResult, payloadOf } from "./gateway.ts";
import { type PushCache, subscriptionKey } from "./push-cache.ts";

/** A stream, with the parts of the outlet that posting needs. */
type Sender = Audience<SliceOutlet>;

/**
 * Posts frames to one slice of a room's subscribers, who are read consistently. The caller must
 * have read the log's mark before. `estimate` is the approximate size of the whole
 * room. Returns the distinct users who were posted to. Idempotent: clients drop duplicates.
 */
export async function postSlice(
  audience: Sender,
  frames: readonly Frame[],
  slice: Slice & { estimate: number },
): Promise<Set<string>> {
  const { streamId, now } = audience;
  const subscribers = await listSubscribers(streamId, now, slice.estimate, slice);
  const viewers = viewersAmong(subscribers);
  // Read after the subscribers, so that a user who was unbanned and resubscribed keeps the
  // subscription.
  const ends = await findBlocked(streamId, frames, viewers, now);
  await postFrames(audience, frames, subscribers, ends);
  forgetRemoved(audience, slice, subscribers);
  return viewers;
}

/**
 * The users whom these frames block and who are still blocked, each with the first such frame. They
 * get neither that frame nor later ones.
 */
async function findBlocked(
  streamId: string,
  frames: readonly Frame[],
  viewers: ReadonlySet<string>,
  now: Date,
): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for (const { n, blocks = [] } of frames)
    for (const userId of blocks) {
      if (ends.has(userId) || !viewers.has(userId)) continue;
      if (await isStillBlocked(streamId, userId, now)) ends.set(userId, n);
    }
  return ends;
}

async function postFrames(
  audience: Sender,
  frames: readonly Frame[],
  subscribers: readonly Subscriber[],
  ends: ReadonlyMap<string, number>,
): Promise<void> {
  const { cache, outlet } = audience;
  const posts: Posts = { frames, waiting: 0 };
  const endings: Promise<void>[] = [];
  const postings: Promise<void>[] = [];
  for (const subscriber of subscribers) {
    const isSlow = cache.slow.has(subscriptionKey(subscriber));
    const end = ends.get(subscriber.userId);
    const posting = postInOrder(audience, subscriber, posts, end);
    if (end !== undefined)
      endings.push(
        waitAtMost(stragglersMilliseconds, posting).then(() => endSubscription(outlet, subscriber)),
      );
    else if (isSlow) posting.catch(() => {});
    else postings.push(posting);
  }
  await waitForAll([...endings, waitForMost(postings, () => posts.waiting > 0)]);
}

/** The frames to post. */
type Posts = {
  frames: readonly Frame[];
  /** Posts that wait for the governor. */
  waiting: number;
};

/**
 * Posts frames to one connection in order. Stops at the first frame that does not arrive, because
 * later ones would leave a gap.
 */
async function postInOrder(
  audience: Sender,
  subscriber: Subscriber,
  posts: Posts,
  end = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { cache, outlet } = audience;
  const { busy } = cache;
  const { frames } = posts;
  const from = firstLive(subscriber);
  const subscription = subscriptionKey(subscriber);
  const getsNone = from === undefined || from > frames.at(-1)!.n;
  if (getsNone || busy.has(subscription) || isDead(cache, subscriber)) return;
  busy.add(subscription);
  try {
    for (const frame of frames) {
      if (frame.n < from) continue;
      if (frame.n >= end) break;
      const permission = outlet.governor.take();
      if (permission !== undefined) {
        posts.waiting += 1;
        await permission.finally(() => {
          posts.waiting -= 1;
        });
      }
      const result = await postNow(audience, subscriber, payloadFor(frame, subscriber));
      if (result !== "sent") break;
    }
  } finally {
    busy.delete(subscription);
  }
}

/** The messages of frames, plain and compact: each is made once for all who get the frame. */
const payloadsOf = lazyEach(
  ({ body }: Frame) =>
    lazyEach((isCompact: boolean) => payloadOf(isCompact ? compactText(body) : body)),
  new WeakMap(),
);

/** The message of a frame for a subscriber. */
export const payloadFor = (frame: Frame, { compact = false }: Subscriber): Payload =>
  payloadsOf(frame)(compact);

/** Posts one message to a subscriber's connection when the stage's rate permits it. */
export async function post(
  sender: Sender,
  subscriber: Subscriber,
  payload: Payload,
): Promise<PostResult> {
  await sender.outlet.governor.take();
  return postNow(sender, subscriber, payload);
}

/**
 * Posts one message without asking the governor. Records the result in the cache: a dead
 * connection, a slow one, or one that is no longer slow.
 */
async function postNow(
  sender: Sender,
  subscriber: Subscriber,
  payload: Payload,
): Promise<PostResult> {
  const { slow } = sender.cache;
  const result = await sender.outlet.poster.post(subscriber.connectionId, payload);
  if (result === "lost") slow.add(subscriptionKey(subscriber));
  else slow.delete(subscriptionKey(subscriber));
  if (result === "gone") markDead(sender, subscriber);
  return result;
}

/**
 * Notifies the connection of a user who was blocked or lost their pass, and removes the
 * subscription. Does not wait long for a slow connection.
 */
export async function endSubscription(
  { poster }: Pick<Outlet, "poster">,
  subscriber: Subscriber,
  reason: "blocked" | "pass" = "blocked",
): Promise<void> {
  const { streamId, connectionId, revision } = subscriber;
  const message = { type: "unsubscribed", streamId, reason };
  const posting = poster.post(connectionId, payloadOf(JSON.stringify(message)));
  await waitAtMost(stragglersMilliseconds, posting);
  await removeSubscriber(streamId, connectionId, revision);
  await forgetStream(connectionId, streamId);
}

/**
 * If more than a few connections are dead, they get this much time to be removed by their own
 * `$disconnect`. When a large group leaves at once, removing it here would delay the room and
 * duplicate that work.
 */
const crowdMilliseconds = 15_000;

/** Records that a connection returned 410, unless it may still be opening. */
function markDead({ now, cache }: Pick<Push, "now" | "cache">, subscriber: Subscriber): void {
  if (isOpening(subscriber, now) || isDead(cache, subscriber)) return;
  cache.dead.set(subscriptionKey(subscriber), { subscriber, at: now.getTime() });
}

/**
 * Whether this subscription's connection is known to be dead. That does not hold for a later
 * subscription of the same connection.
 */
const isDead = ({ dead }: PushCache, subscriber: Subscriber): boolean =>
  dead.get(subscriptionKey(subscriber))?.subscriber.revision === subscriber.revision;

/** Forgets dead subscriptions of a slice that are no longer in its list of subscribers. */
function forgetRemoved(
  { streamId, cache: { dead } }: Pick<Audience, "streamId" | "cache">,
  slice: Slice,
  subscribers: readonly Subscriber[],
): void {
  const own = [...dead].filter(([, { subscriber }]) => subscriber.streamId === streamId);
  if (own.length === 0) return;
  const current = new Set(subscribers.map(subscriptionKey));
  for (const [name, { subscriber }] of own)
    if (!current.has(name) && isInSlice(streamId, subscriber.connectionId, slice))
      dead.delete(name);
}

/**
 * Removes the items of dead connections, at most `deadPerCall` of them: `$disconnect` is not
 * guaranteed to be called.
 */
export async function removeDead({ now, cache }: Pick<Push, "now" | "cache">): Promise<void> {
  const latest = now.getTime() - (cache.dead.size > limits().deadAtOnce ? crowdMilliseconds : 0);
  const due = [...cache.dead].filter(([, { at }]) => at <= latest).slice(0, limits().deadPerCall);
  await waitForAll(
    due.map(async ([name, { subscriber }]) => {
      cache.dead.delete(name);
      await dropSubscribed(subscriber);
    }),
  );
}
