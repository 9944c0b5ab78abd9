import type { Frame } from "../../domain/log/frame.ts";
import { setting } from "../runtime/env.ts";
import { limits } from "../runtime/limits.ts";
import { measureMetric } from "../runtime/metrics.ts";
import { allDone } from "../runtime/waiting.ts";
import { listFrames, queryFrames } from "../store/log/frames.ts";
import { getLog, markPosted } from "../store/log/logs.ts";
import { rangesMax, whole } from "../store/log/subscribers.ts";
import { countForFrame } from "../store/log/watching.ts";
import type { Audience } from "./audience.ts";
import { postSlice } from "./slice.ts";
import type { InvokeSlice } from "./slice-job.ts";

/** After so long a call begins no more frames: it must end well before its function's time does. */
const callMillisecondsMax = 20_000;

/** What is to be posted: a log up to its head. */
type Delivery = {
  head: number;
  /** Frames that the caller has just put, which need no reading. */
  newFrames?: readonly Frame[];
};

/**
 * Posts every frame of a log after the one that was posted last, whichever call put them, to every
 * subscriber, then marks the log (docs/frames.md, step 4). The order of readings matters: the mark
 * first, then the subscribers, both consistently; so a room may change hands and a shard may
 * overtake the other without a hole. Answers whether all was posted: a call does not go on for
 * longer than 20 s.
 */
export async function deliverFrames(audience: Audience, delivery: Delivery): Promise<boolean> {
  const began = Date.now();
  while (await deliverSome(audience, delivery))
    if (Date.now() - began > callMillisecondsMax) return false;
  return true;
}

/** Posts the next frames, as many as one mark may stand for; whether there are more. */
async function deliverSome(
  audience: Audience,
  { head, newFrames = [] }: Delivery,
): Promise<boolean> {
  const { streamId, now, memory } = audience;
  const log = await getLog(streamId);
  if (log.posted >= head) return false;
  const { count, posted = count } = memory.viewers.get(streamId) ?? {};
  const about = posted ?? log.viewers ?? 0;
  const most = Math.max(1, Math.floor(limits().postsPerMark / Math.max(1, about)));
  const frames = await nextFrames(streamId, { after: log.posted, head, most }, newFrames);
  const last = frames.at(-1);
  // All of them have expired: the log goes on with the next frame that is put.
  if (last === undefined) return false;
  const users = await postToAll(audience, frames, about);
  const viewers = await countForFrame(streamId, users, now);
  measureMetric("FrameDelay", Math.max(0, Math.round(Date.now() - last.newest * 1000)));
  const countedAt = now.getTime();
  memory.viewers.set(streamId, { count: viewers, posted: users.size, at: countedAt });
  const peakViewers = Math.max(viewers, log.peakViewers ?? 0);
  await markPosted(streamId, last, { viewers, peakViewers, countedAt });
  return last.n < head;
}

/**
 * Posts frames to all subscribers (`about` is an estimate; the list is read consistently). A room
 * that is too large for one environment is cut into slices, each posted by an environment of its
 * own. The log may be marked only when all have answered, so that one which fails throws, and
 * everything comes again. Answers the users that it posted to.
 */
export async function postToAll(
  audience: Audience,
  frames: readonly Frame[],
  about: number,
): Promise<ReadonlySet<string>> {
  const { invokeSlice } = audience.outlet;
  const of = invokeSlice === undefined ? 1 : countSlices(about);
  if (invokeSlice !== undefined && of > 1)
    return invokeSlices(audience, frames, { about, of }, invokeSlice);
  return postSlice(audience, frames, { ...whole, about });
}

async function invokeSlices(
  { streamId, outlet }: Audience,
  frames: readonly Frame[],
  { about, of }: { about: number; of: number },
  invokeSlice: InvokeSlice,
): Promise<Set<string>> {
  const [from, to] = [frames[0]!.n, frames.at(-1)!.n];
  const jobs = Array.from({ length: of }, (_, at) => ({ streamId, from, to, about, at, of }));
  const slices = await allDone(jobs.map(invokeSlice));
  outlet.governor.noteLimited(Math.max(...slices.map((slice) => slice.limitedAt)));
  return new Set(slices.flatMap(({ viewers }) => viewers));
}

/** Posts a second that one environment carries: 160 sockets at 15 ms. */
const environmentRate = 10_000;

/**
 * Into how many slices a room is cut (a power of two): none has more than some `PART_VIEWERS`, and
 * there are no more environments than the stage's rate keeps busy. At the default rate that is one
 * for any room.
 */
export function countSlices(about: number): number {
  const wanted = Math.min(about / setting("PART_VIEWERS"), setting("POST_RATE") / environmentRate);
  let count = 1;
  while (count < rangesMax && count < wanted) count *= 2;
  return count;
}

/**
 * The next frames of a log, at most `max` of them. Those that nobody posted for a day are removed
 * by the table, some of them sooner than others: the room goes on from the first one behind them.
 */
async function nextFrames(
  streamId: string,
  { after, head, most }: { after: number; head: number; most: number },
  newFrames: readonly Frame[],
): Promise<Frame[]> {
  const next = await framesBetween(streamId, after + 1, Math.min(head, after + most), newFrames);
  if (next.length > 0) return sinceLastHole(next);
  for await (const { n } of queryFrames(streamId, { from: after + 1, to: head, pageSize: 1 }))
    return sinceLastHole(await framesBetween(streamId, n, Math.min(head, n + most - 1), newFrames));
  return [];
}

/** What comes after a hole, which viewers ask about whatever lies before it. */
function sinceLastHole(frames: Frame[]): Frame[] {
  const at = frames.findLastIndex(({ n }, index) => index > 0 && frames[index - 1]!.n !== n - 1);
  return frames.slice(Math.max(0, at));
}

/**
 * The kept frames of a range. Those that the caller has put need no reading; another environment
 * may have put frames between them, which do.
 */
async function framesBetween(
  streamId: string,
  from: number,
  to: number,
  newFrames: readonly Frame[],
): Promise<Frame[]> {
  const frames: Frame[] = [];
  let next = from;
  for (const known of newFrames) {
    if (known.n < from || known.n > to) continue;
    frames.push(...(await listFrames(streamId, next, known.n - 1)), known);
    next = known.n + 1;
  }
  return [...frames, ...(await listFrames(streamId, next, to))];
}
