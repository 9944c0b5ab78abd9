import * as z from "zod";
import type { Frame } from "../../domain/log/frame.ts";
import { firstLive, type Subscriber, viewersAmong } from "../../domain/log/subscriber.ts";
import { isBlocked } from "../../domain/streams/member.ts";
import { forgetStream } from "../store/log/connections.ts";
import { listFrames } from "../store/log/frames.ts";
import {
  listSubscribers,
  rangesMax,
  removeSubscriber,
  type Slice,
} from "../store/log/subscribers.ts";
import { findMember } from "../store/streams/streams.ts";
import { allDone } from "./all-done.ts";
import { dropGone, forgetRemoved, isGone, noteGone } from "./dead-connections.ts";
import { type Forms, formsOf } from "./encodings.ts";
import { payloadOf, poster } from "./gateway.ts";
import { type Governor, largeGovernor, limitedAt } from "./governor.ts";
import { type Memory, nameOf, type Room } from "./memory.ts";
import { stragglersMilliseconds, waitAtMost } from "./patience.ts";

/**
 * Posts frames to one part of a room's subscribers, who are read consistently; what the frames' log
 * was marked with must have been read before. `about` is how many the whole room may have, `gate`
 * lets each post go. Answers the distinct users who watch. Can be done again: what comes twice is
 * dropped by the viewers' rules.
 */
export async function postSlice(
  room: Room,
  frames: readonly Frame[],
  part: Slice & { about: number },
  gate: Governor,
): Promise<Set<string>> {
  const { streamId, now } = room;
  const subscribers = await listSubscribers(streamId, now, part.about, part);
  forgetRemoved(room, part, subscribers);
  const viewers = viewersAmong(subscribers);
  // Read after the subscribers: who is blocked no more and has come again is not sent away.
  const ends = await findEnds(streamId, frames, viewers, now);
  await postFrames(room, frames, subscribers, ends, gate);
  return viewers;
}

/** Frames of a log, to be posted to one part of the room's subscribers. */
export const SliceJob = z.object({
  streamId: z.string(),
  from: z.number().int().min(1),
  to: z.number().int().min(1),
  /** How many subscribers the whole room may have. */
  about: z.number().int().min(0),
  at: z.number().int().min(0),
  of: z.number().int().min(1).max(rangesMax),
});
export type SliceJob = z.infer<typeof SliceJob>;

/** What became of it. */
export const SlicePosted = z.object({
  /** The distinct users: one may have sockets in several parts, so that counts would not do. */
  viewers: z.array(z.string()),
  /** When a post last had to wait for the stage's rate, in milliseconds since 1970. */
  limitedAt: z.number(),
});
export type SlicePosted = z.infer<typeof SlicePosted>;

/** Posts one part in an environment of its own. Throws when a frame is not there. */
export async function postSliceJob(job: SliceJob, memory: Memory, now: Date): Promise<SlicePosted> {
  const { streamId, from, to } = job;
  const room = { streamId, now, memory };
  const frames = await listFrames(streamId, from, to);
  if (frames.length !== to - from + 1)
    throw new Error(`Of ${streamId} the frames ${from} to ${to} are not all there`);
  const viewers = await postSlice(room, frames, job, largeGovernor());
  await dropGone(room);
  return { viewers: [...viewers], limitedAt: Math.max(0, limitedAt()) };
}

/**
 * Users whom one of these frames blocks and who still are: nothing from that frame on is theirs.
 */
async function findEnds(
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
  room: Room,
  frames: readonly Frame[],
  subscribers: readonly Subscriber[],
  ends: ReadonlyMap<string, number>,
  gate: Governor,
): Promise<void> {
  const forms = frames.map(formsOf);
  const posts: Posts = { frames, forms, gate, waiting: 0 };
  const ended: Promise<void>[] = [];
  const posted: Promise<void>[] = [];
  for (const subscriber of subscribers) {
    const isSlow = room.memory.slow.has(nameOf(subscriber));
    const end = ends.get(subscriber.userId);
    const following = follow(room, subscriber, posts, end);
    if (end !== undefined)
      ended.push(
        waitAtMost(stragglersMilliseconds, following).then(() => endSubscription(subscriber)),
      );
    else if (isSlow) following.catch(() => {});
    else posted.push(following);
  }
  await allDone([...ended, settleMost(posted, () => posts.waiting > 0)]);
}

/** What is posted, in which forms, and what lets each post go. */
type Posts = {
  frames: readonly Frame[];
  forms: readonly Forms[];
  gate: Governor;
  /** Posts that wait at the gate. */
  waiting: number;
};

/**
 * Posts to one connection, frame after frame, so that its order holds whatever the others do. It
 * ends with the first frame that does not arrive: what follows would lie beyond a hole.
 */
async function follow(
  room: Room,
  subscriber: Subscriber,
  posts: Posts,
  end = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { busy, slow } = room.memory;
  const { frames, forms } = posts;
  const { connectionId } = subscriber;
  const from = firstLive(subscriber);
  const subscription = nameOf(subscriber);
  if (from === undefined || from > frames.at(-1)!.n || busy.has(subscription)) return;
  if (isGone(room.memory, subscriber)) return;
  busy.add(subscription);
  try {
    for (const [at, { n }] of frames.entries()) {
      if (n < from) continue;
      if (n >= end) break;
      await passGate(posts);
      const result = await poster().post(connectionId, forms[at]!(subscriber));
      if (result === "lost") slow.add(subscription);
      else slow.delete(subscription);
      if (result === "gone") noteGone(room, subscriber);
      if (result !== "sent") break;
    }
  } finally {
    busy.delete(subscription);
  }
}

async function passGate(posts: Posts): Promise<void> {
  posts.waiting += 1;
  try {
    await posts.gate.take();
  } finally {
    posts.waiting -= 1;
  }
}

/** The share of posts that nobody else waits for long, and how many that are at least. */
const stragglersShare = 0.05;
const stragglersMin = 2;

/**
 * Waits for all posts, but not long for the last few: a slow or dead connection delays nobody.
 * Theirs go on, and what they miss meanwhile is a hole that heals. While some have not been let go
 * yet the last ones are not slow: at 7,000 posts a second a large room's last twentieth takes a
 * second.
 */
async function settleMost(
  posts: readonly Promise<void>[],
  isWaiting: () => boolean,
): Promise<void> {
  let left = posts.length;
  if (left === 0) return;
  const few = Math.max(stragglersMin, Math.floor(left * stragglersShare));
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
        left -= 1;
        if (left === 0) finish();
        else if (left <= few) timer ??= setTimeout(finishFew, stragglersMilliseconds);
      }, fail);
  });
}

/**
 * Says to a blocked user's connection that the stream is over for it, and removes its subscription.
 * Nobody waits long for a connection that does not listen.
 */
export async function endSubscription(subscriber: Subscriber): Promise<void> {
  const { streamId, connectionId, revision } = subscriber;
  const said = { type: "unsubscribed", streamId, reason: "blocked" };
  const saying = poster().post(connectionId, payloadOf(JSON.stringify(said)));
  await waitAtMost(stragglersMilliseconds, saying);
  await removeSubscriber(streamId, connectionId, revision);
  await forgetStream(connectionId, streamId);
}
