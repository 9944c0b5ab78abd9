import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame } from "../../domain/log/frame.ts";
import { countDistinct } from "../../domain/log/sketch.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { limits } from "../runtime/limits.ts";
import { logNotice } from "../runtime/log.ts";
import { measureMetric } from "../runtime/metrics.ts";
import { listFrames, queryFrames } from "../store/log/frames.ts";
import { getLog, markPosted } from "../store/log/logs.ts";
import { listRecentRelayedRooms } from "../store/log/relays.ts";
import { rangesMax, wholeRoom } from "../store/log/subscribers.ts";
import type { Audience } from "./audience.ts";
import type { InvokeSlice } from "./jobs.ts";
import { postSlice } from "./post.ts";
import { noteViewers } from "./viewer-count.ts";

/**
 * A call starts no more frames after this time, so that it finishes well before its function's
 * timeout.
 */
const callMillisecondsMax = 20_000;

/** What to post: the frames of a log up to `head`. */
type Delivery = {
  head: number;
  /** Frames that the caller has just appended, so they need not be read. */
  newFrames?: readonly Frame[];
};

/**
 * Posts every frame after the log's mark to every subscriber, regardless of which call appended it,
 * then moves the mark (docs/frames.md, step 4). Reads the mark first, then the subscribers, both
 * consistently, so that no gap arises when a room moves between functions, or when one shard
 * overtakes another. Returns false if frames are left after 20 s.
 *
 * Logs which new frames show the requests of `records`, and whether these frames are posted to all
 * viewers. This is the line to search for by `x-request-id`. Repeated records are in no new frame:
 * an earlier line has their frame, and this one says that they are posted.
 */
export async function deliverFrames(
  audience: Audience,
  delivery: Delivery,
  records: readonly LogRecord[] = [],
): Promise<boolean> {
  const began = Date.now();
  let posted = false;
  try {
    while (!posted && Date.now() - began <= callMillisecondsMax)
      posted = await deliverNext(audience, delivery);
    return posted;
  } finally {
    const requestIds = [...new Set(records.flatMap((one) => one.correlationId ?? []))];
    const { head, newFrames = [] } = delivery;
    const frames = newFrames.map(({ n }) => n);
    const about = { streamId: audience.streamId, frames, head, posted, requestIds };
    if (requestIds.length > 0) logNotice("Records were shown", about);
  }
}

/** Posts as many frames as one mark may cover. Returns whether all are posted. */
async function deliverNext(
  audience: Audience,
  { head, newFrames = [] }: Delivery,
): Promise<boolean> {
  const { streamId, now, cache } = audience;
  const log = await getLog(streamId);
  if (log.posted >= head) return true;
  const estimate = cache.viewers.get(streamId)?.posted ?? log.viewers ?? 0;
  const most = Math.max(1, Math.floor(limits().postsPerMark / Math.max(1, estimate)));
  const frames = await nextFrames(streamId, { after: log.posted, head, most }, newFrames);
  const last = frames.at(-1);
  // All unposted frames have expired: the log continues with the next one.
  if (last === undefined) return true;
  const users = await postToAll(audience, frames, estimate);
  const count = countDistinct(users, await listRecentRelayedRooms(streamId, now));
  measureMetric("FrameDelay", Math.max(0, Math.round(Date.now() - last.newest * 1000)));
  const viewers = noteViewers(audience, { count, posted: users.size }, log.peakViewers);
  await markPosted(streamId, last, viewers);
  return last.n >= head;
}

/**
 * Posts frames to all subscribers, whose list is read consistently; `estimate` is their approximate
 * number. If the room is too large for one environment, it is split into slices that other
 * environments post. Throws if any slice fails, so that the log is not marked and the frames are
 * posted again. Returns the distinct users who were posted to.
 */
export async function postToAll(
  audience: Audience,
  frames: readonly Frame[],
  estimate: number,
): Promise<ReadonlySet<string>> {
  const { invokeSlice } = audience.outlet;
  const count = invokeSlice === undefined ? 1 : countSlices(estimate);
  if (invokeSlice !== undefined && count > 1)
    return invokeSlices(audience, frames, { about: estimate, of: count }, invokeSlice);
  return postSlice(audience, frames, { ...wholeRoom, estimate });
}

async function invokeSlices(
  { streamId, outlet }: Audience,
  frames: readonly Frame[],
  { about, of }: { about: number; of: number },
  invokeSlice: InvokeSlice,
): Promise<Set<string>> {
  const [from, to] = [frames[0]!.n, frames.at(-1)!.n];
  const jobs = Array.from({ length: of }, (_, at) => ({ streamId, from, to, about, at, of }));
  const slices = await waitForAll(jobs.map(invokeSlice));
  outlet.governor.reportLimited(Math.max(...slices.map((slice) => slice.limitedAt)));
  return new Set(slices.flatMap(({ viewers }) => viewers));
}

/** Posts per second that one environment can send: 160 sockets at 15 ms. */
const environmentRate = 10_000;

/**
 * The number of slices of a room, a power of two: enough for about `PART_VIEWERS` viewers per
 * slice, but no more environments than the stage's rate keeps busy. At the default rate always 1.
 */
export function countSlices(viewers: number): number {
  const wanted = Math.min(
    viewers / setting("PART_VIEWERS"),
    setting("POST_RATE") / environmentRate,
  );
  let count = 1;
  while (count < rangesMax && count < wanted) count *= 2;
  return count;
}

/**
 * The next frames of a log, at most `most`, read unless the caller has just appended all of them.
 * Frames that were not posted for a day expire, not necessarily in order. Viewers resubscribe at a
 * gap, so frames before the last gap are left out.
 */
async function nextFrames(
  streamId: string,
  { after, head, most }: { after: number; head: number; most: number },
  newFrames: readonly Frame[],
): Promise<readonly Frame[]> {
  const to = Math.min(head, after + most);
  const own = newFrames.filter(({ n }) => n > after && n <= to);
  let frames = own.length === to - after ? own : await listFrames(streamId, after + 1, to);
  if (frames.length === 0) {
    const rest = { from: after + 1, to: head, pageSize: 1 };
    const { value: first } = await queryFrames(streamId, rest).next();
    if (first !== undefined)
      frames = await listFrames(streamId, first.n, Math.min(head, first.n + most - 1));
  }
  const start = frames.findLastIndex(({ n }, at) => at > 0 && frames[at - 1]!.n !== n - 1);
  return frames.slice(Math.max(0, start));
}
