import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame, LogEnd } from "../../domain/log/frame.ts";
import { endOf, type PostedMark } from "../../domain/log/recovery.ts";
import type { LogState } from "../../domain/log/sums.ts";
import { limits } from "../runtime/limits.ts";
import { queryFrames } from "../store/log/frames.ts";
import { getLog } from "../store/log/logs.ts";

/** The cached part of a frame: never its bytes, which a deletion may change. */
type CachedFrame = Pick<Frame, "n" | "newest"> & { covers: readonly string[] };

/**
 * One environment's cache of a stream's log. It is complete for records created after
 * `completeAfter`: it contains every frame whose `newest` is later. All times are the records' own,
 * so there is one clock and no safety margin.
 */
export type LogCache = LogEnd & {
  completeAfter: number;
  frames: CachedFrame[];
  covered: Map<string, number>;
  /**
   * When the log was last read, or confirmed by a Put, in milliseconds of this environment's clock.
   */
  usedAt: number;
};

/** A stream, the time of the call, and the memory with the caches. */
type LogQuery = { streamId: string; now: Date; memory: { logs: Map<string, LogCache> } };

/** An entry that was not used for this long is read again. */
const idleMillisecondsMax = 60_000;

/**
 * The cached log if it is complete for records created at `oldest` (seconds); otherwise reads the
 * log.
 */
export async function loadLog(asked: LogQuery, oldest: number): Promise<LogCache> {
  const log = asked.memory.logs.get(asked.streamId);
  return isCompleteFor(log, oldest, asked.now) ? log : readLog(asked, oldest);
}

/** Reads a log back to records created at `oldest` (seconds), and caches it. */
export async function readLog(
  { streamId, now, memory }: LogQuery,
  oldest: number,
): Promise<LogCache> {
  const log = await readCache(streamId, oldest, now);
  memory.logs.set(streamId, log);
  return log;
}

/** Removes a log from the cache. */
export const evictLog = ({ streamId, memory }: LogQuery): boolean => memory.logs.delete(streamId);

/**
 * Reads a log consistently, newest frame first, back to the first frame that cannot contain a
 * record created at `oldest` (seconds).
 */
async function readCache(streamId: string, oldest: number, now: Date): Promise<LogCache> {
  const mark = await getLog(streamId);
  const frames: Frame[] = [];
  let before: number | undefined;
  for await (const frame of queryFrames(streamId, { newestFirst: true })) {
    // The newest frame is always needed: it is the log's end.
    if (frame.newest < oldest && frames.length > 0) {
      before = frame.newest;
      break;
    }
    frames.push(frame);
  }
  return cacheOf(mark, frames, before, now);
}

/**
 * Builds a cache entry from frames that were read consistently, newest first. `before` is the
 * `newest` of the first frame that was not read; undefined if all were read.
 */
export function cacheOf(
  mark: PostedMark,
  frames: readonly (Pick<Frame, "n" | "newest" | "covers" | "totals"> & LogState)[],
  before: number | undefined,
  now: Date,
): LogCache {
  const known = frames.toReversed().map(cachedFrame);
  return {
    ...endOf(mark, frames[0]),
    completeAfter: before ?? Number.NEGATIVE_INFINITY,
    frames: known,
    covered: new Map(known.flatMap(({ n, covers }) => covers.map((id) => [id, n]))),
    usedAt: now.getTime(),
  };
}

/** Whether the cache can tell if a record created at this time (seconds) is in a frame. */
export function isCompleteFor(
  cache: LogCache | undefined,
  createdAt: number,
  now: Date,
): cache is LogCache {
  if (cache === undefined || now.getTime() - cache.usedAt > idleMillisecondsMax) return false;
  return createdAt > cache.completeAfter;
}

/** The records that are in no frame, without duplicates, in their order. */
export function newRecordsIn(cache: LogCache, records: readonly LogRecord[]): LogRecord[] {
  const seen = new Set<string>();
  return records.filter(({ id }) => {
    if (cache.covered.has(id) || seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

/** Adds a frame that was just put. Evicts the oldest frames above `idsMax` record ids. */
export function addFrame(
  cache: LogCache,
  frame: Frame,
  now: Date,
  idsMax = limits().coveredRecords,
): void {
  cache.head = frame.n;
  cache.newest = frame.newest;
  cache.totals = frame.totals;
  const { sums, moments, trains } = frame;
  Object.assign(cache, { sums, moments, trains });
  cache.madeAt = frame.madeAt;
  cache.usedAt = now.getTime();
  const added = cachedFrame(frame);
  cache.frames.push(added);
  for (const id of added.covers) cache.covered.set(id, frame.n);
  while (cache.covered.size > idsMax && cache.frames.length > 1) forgetOldest(cache);
}

const cachedFrame = ({ n, newest, covers }: Pick<Frame, "n" | "newest" | "covers">) => ({
  n,
  newest,
  covers: covers === "" ? [] : covers.split(" "),
});

function forgetOldest(cache: LogCache): void {
  const oldest = cache.frames.shift()!;
  for (const id of oldest.covers) cache.covered.delete(id);
  cache.completeAfter = Math.max(cache.completeAfter, oldest.newest);
}
