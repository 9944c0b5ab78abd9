import type { Frame } from "../../domain/log/frame.ts";
import { limits } from "../limits.ts";
import { listFrames, queryFrames } from "../store/log/frames.ts";
import { getLog, markPosted } from "../store/log/logs.ts";
import { whole } from "../store/log/subscribers.ts";
import { dropGone } from "./dead-connections.ts";
import { governor } from "./governor.ts";
import type { Room } from "./memory.ts";
import { postSlice } from "./slice.ts";
import { noteViewers } from "./viewer-count.ts";

/** After so long a call goes on with no more frames: it must end well before its function does. */
const callMillisecondsMax = 20_000;

/**
 * How frames come to all subscribers of a room, of whom there are `about` so many. Reads the
 * subscribers itself, consistently, and is done when all of them have been posted to. Answers how
 * many distinct users there are.
 */
export type PostFrames = (room: Room, frames: readonly Frame[], about: number) => Promise<number>;

/** By this environment alone, as any room but a very large one is posted. */
const postHere: PostFrames = async (room, frames, about) =>
  (await postSlice(room, frames, { ...whole, about }, governor())).size;

/**
 * Posts every frame of a log after the one that was posted last, up to `upTo`, whoever put them, to
 * every subscriber, then marks the log (docs/frames.md, step 4). The order of readings matters: the
 * mark first, then the subscribers, both consistently; so a room may change hands and a shard may
 * overtake the other without a hole. `made` are frames that the caller has just put, which need no
 * reading. Answers whether all was posted: a call does not go on for longer than 20 s.
 */
export async function deliverFrames(
  room: Room,
  upTo: number,
  made: readonly Frame[] = [],
  post: PostFrames = postHere,
): Promise<boolean> {
  const began = Date.now();
  while (await deliverSome(room, upTo, made, post))
    if (Date.now() - began > callMillisecondsMax) return false;
  return true;
}

/** Posts the next frames, as many as one mark may stand for; whether there are more. */
async function deliverSome(
  room: Room,
  upTo: number,
  made: readonly Frame[],
  post: PostFrames,
): Promise<boolean> {
  const { streamId } = room;
  const log = await getLog(streamId);
  if (log.posted >= upTo) return false;
  const about = room.memory.viewers.get(streamId)?.count ?? log.viewers ?? 0;
  const most = Math.max(1, Math.floor(limits().postsPerMark / Math.max(1, about)));
  const frames = await nextFrames(streamId, { after: log.posted, upTo, most }, made);
  const last = frames.at(-1);
  // All of them have expired: the next frame that is put goes on from there.
  if (last === undefined) return false;
  const viewers = await post(room, frames, about);
  noteViewers(room, viewers);
  const peakViewers = Math.max(viewers, log.peakViewers ?? 0);
  await markPosted(streamId, last, { viewers, peakViewers, countedAt: room.now.getTime() });
  await dropGone(room);
  return last.n < upTo;
}

/**
 * The next frames of a log, at most so many. Those that nobody posted for a day are removed by the
 * table, some of them sooner than others: the room goes on from the first one behind them.
 */
async function nextFrames(
  streamId: string,
  { after, upTo, most }: { after: number; upTo: number; most: number },
  made: readonly Frame[],
): Promise<Frame[]> {
  const next = await framesBetween(streamId, after + 1, Math.min(upTo, after + most), made);
  if (next.length > 0) return sinceLastHole(next);
  for await (const { n } of queryFrames(streamId, { from: after + 1, to: upTo, pageSize: 1 }))
    return sinceLastHole(await framesBetween(streamId, n, Math.min(upTo, n + most - 1), made));
  return [];
}

/** What comes after a hole, which viewers ask about whatever lies before it. */
function sinceLastHole(frames: Frame[]): Frame[] {
  const at = frames.findLastIndex(({ n }, index) => index > 0 && frames[index - 1]!.n !== n - 1);
  return frames.slice(Math.max(0, at));
}

async function framesBetween(
  streamId: string,
  from: number,
  to: number,
  made: readonly Frame[],
): Promise<Frame[]> {
  const own = made.filter(({ n }) => n >= from && n <= to);
  const before = await listFrames(streamId, from, (own[0]?.n ?? to + 1) - 1);
  const frames = [...before, ...own];
  return [...frames, ...(await listFrames(streamId, (frames.at(-1)?.n ?? to) + 1, to))];
}
