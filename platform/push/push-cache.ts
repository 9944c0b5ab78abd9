import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame, LogEnd } from "../../domain/log/frame.ts";
import { endOf, type PostedMark } from "../../domain/log/recovery.ts";
import type { Subscriber } from "../../domain/log/subscriber.ts";
import type { LogState } from "../../domain/log/sums.ts";
import { BoundedMap, BoundedSet } from "../runtime/caches.ts";
import { limits } from "../runtime/limits.ts";
import { queryFrames } from "../store/log/frames.ts";
import { getLog } from "../store/log/logs.ts";

/**
 * What one environment remembers between batches. It may be lost or stale at any time: the table
 * decides, and the cache only saves reads.
 */
export type PushCache = {
  /** Caches of the streams' logs: numbers, ids and times, never bytes. */
  logs: Map<string, LogCache>;
  /** The viewers of streams, the time of each count in milliseconds, and the highest count. */
  viewers: Map<string, ViewerCount & { at: number; peak?: number }>;
  /** Subscriptions with a post in flight, which are sent no other post meanwhile. */
  busy: Set<string>;
  /** Subscriptions whose last post was lost. Nothing waits for their posts until one arrives. */
  slow: Set<string>;
  /**
   * Subscriptions whose connection returned 410, since `at` (milliseconds), until they are removed.
   */
  dead: Map<string, { subscriber: Subscriber; at: number }>;
  /** Ids of sent notifications, so that a repeated batch does not send them again. */
  notifications: Map<string, true>;
};

/** A stream's distinct viewers, and those who are posted to: relays serve the others. */
export type ViewerCount = { count: number; posted: number };

/**
 * The caches' capacities. An evicted dead connection returns 410 again; an evicted slow one is
 * waited for once more. `busy` can hold all posts that one environment may have in flight, three
 * rooms of 100,000. It evicts the connection that has hung the longest, which may then get the next
 * frame before the previous one arrives: a gap that its client fills.
 */
const sizes = {
  logs: 500,
  viewers: 1_000,
  dead: 10_000,
  notifications: 10_000,
  busy: 300_000,
  slow: 10_000,
};

/** Creates an empty cache. */
export const createPushCache = (): PushCache => ({
  logs: new BoundedMap(sizes.logs),
  viewers: new BoundedMap(sizes.viewers),
  busy: new BoundedSet(sizes.busy),
  slow: new BoundedSet(sizes.slow),
  dead: new BoundedMap(sizes.dead),
  notifications: new BoundedMap(sizes.notifications),
});

/** The cache of this process. */
export const ownPushCache = createPushCache();

/** A subscription's key in the cache: stream and connection. */
export const subscriptionKey = ({
  streamId,
  connectionId,
}: Pick<Subscriber, "streamId" | "connectionId">) => `${streamId} ${connectionId}`;

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

/** A stream, the time of the call, and the caches of logs. */
type LogQuery = { streamId: string; now: Date; cache: Pick<PushCache, "logs"> };

/** An entry that was not used for this long is read again. */
const idleMillisecondsMax = 60_000;

/**
 * The cached log if it can tell which records created at `oldest` (seconds) or later are in a
 * frame; otherwise reads the log.
 */
export async function loadLog(query: LogQuery, oldest: number): Promise<LogCache> {
  const log = query.cache.logs.get(query.streamId);
  const usedSince = query.now.getTime() - idleMillisecondsMax;
  const isUsable = log && log.usedAt >= usedSince && log.completeAfter < oldest;
  return isUsable ? log : readLog(query, oldest);
}

/** Removes a log from the cache. */
export const evictLog = ({ streamId, cache }: LogQuery): boolean => cache.logs.delete(streamId);

/**
 * Reads a log consistently, newest frame first, back to the first frame that cannot contain a
 * record created at `oldest` (seconds), and caches it.
 */
async function readLog({ streamId, now, cache }: LogQuery, oldest: number): Promise<LogCache> {
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
  const log = cacheOf(mark, frames, before, now);
  cache.logs.set(streamId, log);
  return log;
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

/** The records that are in no frame of the log, without duplicates, in their order. */
export function newRecordsIn(
  { covered }: Pick<LogCache, "covered">,
  records: readonly LogRecord[],
): LogRecord[] {
  const seen = new Set<string>();
  return records.filter(({ id }) => {
    if (covered.has(id) || seen.has(id)) return false;
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
  while (cache.covered.size > idsMax && cache.frames.length > 1) {
    const oldest = cache.frames.shift()!;
    for (const id of oldest.covers) cache.covered.delete(id);
    cache.completeAfter = Math.max(cache.completeAfter, oldest.newest);
  }
}

const cachedFrame = ({ n, newest, covers }: Pick<Frame, "n" | "newest" | "covers">) => ({
  n,
  newest,
  covers: covers === "" ? [] : covers.split(" "),
});
