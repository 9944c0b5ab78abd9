import type { Frame } from "../../domain/log/frame.ts";
import { firstLive, type Subscriber, viewersAmong } from "../../domain/log/subscriber.ts";
import { isBlocked } from "../../domain/streams/member.ts";
import { allDone, stragglersMilliseconds, waitAtMost } from "../runtime/deadline.ts";
import { listFrames } from "../store/log/frames.ts";
import { listSubscribers, type Slice } from "../store/log/subscribers.ts";
import { findMember } from "../store/streams/members.ts";
import type { Audience, Push, SliceOutlet } from "./audience.ts";
import { type Encodings, encodingsOf } from "./encodings.ts";
import { subscriptionName } from "./memory.ts";
import { endSubscription, forgetRemoved, isDead, postNow, removeDead } from "./post.ts";
import type { SliceJob, SlicePosted } from "./slice-job.ts";

/** An audience whose outlet reaches connections only. */
type SliceAudience = Audience<SliceOutlet>;

/**
 * Posts frames to one slice of a room's subscribers, who are read consistently. The caller must
 * have read the log's mark before. `estimate` is the approximate size of the whole
 * room. Returns the distinct users who were posted to. Idempotent: clients drop duplicates.
 */
export async function postSlice(
  audience: SliceAudience,
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

/** Posts one slice in its own environment. Throws if a frame is missing. */
export async function postSliceJob(push: Push<SliceOutlet>, job: SliceJob): Promise<SlicePosted> {
  const { streamId, from, to, about: estimate, at: index, of: count } = job;
  const audience = { ...push, streamId };
  const frames = await listFrames(streamId, from, to);
  if (frames.length !== to - from + 1)
    throw new Error(`Of ${streamId} the frames ${from} to ${to} are not all there`);
  const viewers = await postSlice(audience, frames, { index, count, estimate });
  await removeDead(audience);
  return { viewers: [...viewers], limitedAt: Math.max(0, push.outlet.governor.limitedAt()) };
}

/**
 * The users whom these frames block and who are still blocked, each with the first such frame. They
 * get no frame from there on.
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
      const member = await findMember(streamId, userId, { consistent: true });
      if (isBlocked(member, now)) ends.set(userId, n);
    }
  return ends;
}

async function postFrames(
  audience: SliceAudience,
  frames: readonly Frame[],
  subscribers: readonly Subscriber[],
  ends: ReadonlyMap<string, number>,
): Promise<void> {
  const { memory, outlet } = audience;
  const posts: Posts = { frames, encodings: frames.map(encodingsOf), waiting: 0 };
  const endings: Promise<void>[] = [];
  const postings: Promise<void>[] = [];
  for (const subscriber of subscribers) {
    const isSlow = memory.slow.has(subscriptionName(subscriber));
    const end = ends.get(subscriber.userId);
    const posting = postInOrder(audience, subscriber, posts, end);
    if (end !== undefined)
      endings.push(
        waitAtMost(stragglersMilliseconds, posting).then(() => endSubscription(outlet, subscriber)),
      );
    else if (isSlow) posting.catch(() => {});
    else postings.push(posting);
  }
  await allDone([...endings, waitForMost(postings, () => posts.waiting > 0)]);
}

/** The frames to post, with their encodings. */
type Posts = {
  frames: readonly Frame[];
  encodings: readonly Encodings[];
  /** Posts that wait for the governor. */
  waiting: number;
};

/**
 * Posts frames to one connection in order. Stops at the first frame that does not arrive, because
 * later ones would leave a gap.
 */
async function postInOrder(
  audience: SliceAudience,
  subscriber: Subscriber,
  posts: Posts,
  end = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { memory, outlet } = audience;
  const { busy } = memory;
  const { frames, encodings } = posts;
  const from = firstLive(subscriber);
  const subscription = subscriptionName(subscriber);
  if (from === undefined || from > frames.at(-1)!.n || busy.has(subscription)) return;
  if (isDead(memory, subscriber)) return;
  busy.add(subscription);
  try {
    for (const [at, { n }] of frames.entries()) {
      if (n < from) continue;
      if (n >= end) break;
      await passGovernor(outlet, posts);
      const result = await postNow(audience, subscriber, encodings[at]!(subscriber));
      if (result !== "sent") break;
    }
  } finally {
    busy.delete(subscription);
  }
}

async function passGovernor({ governor }: SliceOutlet, posts: Posts): Promise<void> {
  posts.waiting += 1;
  try {
    await governor.take();
  } finally {
    posts.waiting -= 1;
  }
}

/** Share and minimum number of posts that may be slow without others waiting for them. */
const stragglersShare = 0.05;
const stragglersMin = 2;

/**
 * Waits for all posts, but only briefly for the last few, so that a slow or dead connection delays
 * nobody. Those posts continue; if they fail, the client fills the gap. While posts wait for the
 * governor, the last ones do not count as slow: at 7,000 posts/s the last twentieth of a large room
 * takes a second.
 */
async function waitForMost(
  posts: readonly Promise<void>[],
  isWaiting: () => boolean,
): Promise<void> {
  let open = posts.length;
  if (open === 0) return;
  const few = Math.max(stragglersMin, Math.floor(open * stragglersShare));
  await new Promise<void>((done, fail) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      done();
    };
    const finishFew = () => {
      if (isWaiting()) timer = setTimeout(finishFew, stragglersMilliseconds);
      else finish();
    };
    for (const post of posts)
      post.then(() => {
        open -= 1;
        if (open === 0) finish();
        else if (open <= few) timer ??= setTimeout(finishFew, stragglersMilliseconds);
      }, fail);
  });
}
