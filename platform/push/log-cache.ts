import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame, LogEnd } from "../../domain/log/frame.ts";
import { endOf, type PostedMark } from "../../domain/log/recovery.ts";
import type { LogState } from "../../domain/log/sums.ts";
import { limits } from "../runtime/limits.ts";
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

/** Whose log is asked for, when, and where what is known of logs is remembered. */
type LogQuery = { streamId: string; now: Date; memory: { logs: Map<string, LogCache> } };

/** What an environment has not used for so long it reads again. */
const idleMillisecondsMax = 60_000;

/**
 * What this environment knows of a log, if that reaches back to records of this time (in seconds);
 * otherwise the log is read.
 */
export async function knownLog(asked: LogQuery, oldest: number): Promise<LogCache> {
  const log = asked.memory.logs.get(asked.streamId);
  return knows(log, oldest, asked.now) ? log : readLog(asked, oldest);
}

/** Reads a log as far back as records of this time, and remembers it. */
export async function readLog(
  { streamId, now, memory }: LogQuery,
  oldest: number,
): Promise<LogCache> {
  const log = await readCache(streamId, oldest, now);
  memory.logs.set(streamId, log);
  return log;
}

/** Forgets a log: the next call reads it. */
export const forgetLog = ({ streamId, memory }: LogQuery): boolean => memory.logs.delete(streamId);

/**
 * Reads a log consistently, newest frame first, as far back as a record of this time (in seconds)
 * may be in a frame.
 */
async function readCache(streamId: string, oldest: number, now: Date): Promise<LogCache> {
  const mark = await getLog(streamId);
  const frames: Frame[] = [];
  let before: number | undefined;
  for await (const frame of queryFrames(streamId, { newestFirst: true })) {
    // The newest frame says where the log ends, however old it is.
    if (frame.newest < oldest && frames.length > 0) {
      before = frame.newest;
      break;
    }
    frames.push(frame);
  }
  return cacheOf(mark, frames, before, now);
}

/**
 * What a consistent reading, newest frame first, makes known. `before` is the `newest` of the first
 * frame that was not read, undefined when the reading came to the log's beginning.
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

/** Whether memory knows if a record of this time is in a frame. */
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

/** Adds a frame that was just put; beyond a bound the oldest ones are forgotten. */
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
