import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame, LogEnd } from "../../domain/log/frame.ts";
import { endOf, type PostedMark } from "../../domain/log/recovery.ts";
import { limits } from "../limits.ts";
import { queryFrames } from "../store/log/frames.ts";
import { getLog } from "../store/log/logs.ts";

/** What is remembered of a frame: never its bytes, which a deletion may change. */
type CachedFrame = Pick<Frame, "n" | "newest"> & { covers: readonly string[] };

/**
 * What one environment knows of a stream's log. It is complete for records made after
 * `completeAfter`: every frame whose `newest` is later than that is here. Times are the records'
 * own, so there is one clock and no margin.
 */
export type LogCache = LogEnd & {
  completeAfter: number;
  frames: CachedFrame[];
  covered: Map<string, number>;
  /** When it was read or last proven right by a Put, in milliseconds of this environment. */
  usedAt: number;
};

/** An environment that has not used what it knows for so long reads it again. */
const idleMillisecondsMax = 60_000;

/**
 * Reads a log consistently, newest frame first, as far back as a record of this time (in seconds)
 * may be in a frame.
 */
export async function readCache(streamId: string, oldest: number, now: Date): Promise<LogCache> {
  const mark = await getLog(streamId);
  const frames: Frame[] = [];
  for await (const frame of queryFrames(streamId, { newestFirst: true })) {
    // The newest frame says where the log ends, however old it is.
    if (frame.newest < oldest && frames.length > 0) return cacheOf(mark, frames, frame.newest, now);
    frames.push(frame);
  }
  return cacheOf(mark, frames, undefined, now);
}

/**
 * What a consistent reading, newest frame first, makes known. `before` is the `newest` of the first
 * frame that was not read, undefined when the reading came to the log's beginning.
 */
export function cacheOf(
  mark: PostedMark,
  frames: readonly Pick<Frame, "n" | "newest" | "covers" | "totals">[],
  before: number | undefined,
  now: Date,
): LogCache {
  const cache: LogCache = {
    ...endOf(mark, frames[0]),
    completeAfter: before ?? Number.NEGATIVE_INFINITY,
    frames: [],
    covered: new Map(),
    usedAt: now.getTime(),
  };
  for (const frame of frames.toReversed()) remember(cache, frame);
  return cache;
}

/** Whether a record of this time can be told from memory to be in a frame or in none. */
export function knows(
  cache: LogCache | undefined,
  createdAt: number,
  now: Date,
): cache is LogCache {
  if (cache === undefined || now.getTime() - cache.usedAt > idleMillisecondsMax) return false;
  return createdAt > cache.completeAfter;
}

/** The records that are in no frame, each once, in their order. */
export function freshIn(cache: LogCache, records: readonly LogRecord[]): LogRecord[] {
  const seen = new Set<string>();
  return records.filter(({ id }) => {
    if (cache.covered.has(id) || seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

/** Takes in a frame that was just put; what is oldest is forgotten beyond a bound. */
export function addFrame(
  cache: LogCache,
  frame: Frame,
  now: Date,
  idsMax = limits().coveredRecords,
): void {
  cache.head = frame.n;
  cache.newest = frame.newest;
  cache.totals = frame.totals;
  cache.usedAt = now.getTime();
  remember(cache, frame);
  while (cache.covered.size > idsMax && cache.frames.length > 1) forgetOldest(cache);
}

function remember(cache: LogCache, frame: Pick<Frame, "n" | "newest" | "covers">): void {
  const covers = frame.covers === "" ? [] : frame.covers.split(" ");
  cache.frames.push({ n: frame.n, newest: frame.newest, covers });
  for (const id of covers) cache.covered.set(id, frame.n);
}

function forgetOldest(cache: LogCache): void {
  const oldest = cache.frames.shift()!;
  for (const id of oldest.covers) cache.covered.delete(id);
  cache.completeAfter = Math.max(cache.completeAfter, oldest.newest);
}
