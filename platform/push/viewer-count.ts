import { countDistinct } from "../../domain/log/sketch.ts";
import { viewersAmong } from "../../domain/log/subscriber.ts";
import { isRecent } from "../runtime/caches.ts";
import { setting } from "../runtime/env.ts";
import { claimCount, findLog, type PostedViewers, recordViewers } from "../store/log/logs.ts";
import { listRelayedRooms } from "../store/log/relays.ts";
import { listSubscribers } from "../store/log/subscribers.ts";
import { coalesce } from "../table/query.ts";
import type { Audience } from "./audience.ts";
import type { PushCache, ViewerCount } from "./push-cache.ts";

/** Maximum age of the count in a frame. */
const ageMillisecondsMax = 5_000;

/**
 * Counts the distinct subscribed users; the result is up to 5 s old. In a large room it may be the
 * previous count while another environment counts. In a busy room, posting the last frame has
 * already counted the viewers.
 */
export async function countViewers(audience: Audience): Promise<ViewerCount> {
  const { streamId, now, cache } = audience;
  const known = cache.viewers.get(streamId);
  if (known !== undefined && isNew(known.at, now)) return known;
  let estimate = known?.count;
  // Counting 100,000 viewers takes half a second, and the poster has just done so.
  if (estimate === undefined || estimate > smallRoomViewersMax) {
    const log = await findLog(streamId);
    const { viewers: count = 0, postedViewers: posted = count, countedAt = 0 } = log ?? {};
    if (count > smallRoomViewersMax) {
      estimate = count;
      // When all reconnect, hundreds of environments ask at once; one counts for all.
      if (isNew(countedAt, now) || !(await claimCount(streamId, countedAt, now))) {
        remember(cache, streamId, { count, posted, at: countedAt });
        return { count, posted };
      }
    }
  }
  return countSubscribers(audience, estimate);
}

/**
 * Whether a room is large: then a separate function posts its frames. Viewers whom relays serve do
 * not make it large.
 */
export async function isLarge(audience: Audience): Promise<boolean> {
  const { posted } = await countViewers(audience);
  return posted > setting("LARGE_ROOM_VIEWERS");
}

const isNew = (at: number, now: Date) => isRecent(at, now.getTime(), ageMillisecondsMax);

/**
 * Rooms up to this size are counted for every batch of new subscriptions. When a larger room
 * reconnects, that would read the whole room again for every few viewers.
 */
const smallRoomViewersMax = 100;

/**
 * The number of distinct subscribed users now, including those being confirmed; in a large room the
 * same as `countViewers`.
 */
export async function countViewersNow(audience: Audience): Promise<number> {
  const known = audience.cache.viewers.get(audience.streamId)?.count;
  const { count } =
    known !== undefined && known <= smallRoomViewersMax
      ? await countSubscribers(audience, known)
      : await countViewers(audience);
  return count;
}

async function countSubscribers(
  { streamId, now, cache }: Audience,
  estimate: number | undefined,
): Promise<ViewerCount> {
  const { count, posted } = await countCoalesced(streamId, now.getTime(), estimate ?? 0);
  remember(cache, streamId, { count, posted, at: now.getTime() });
  // Also if the room has shrunk: environments with an empty cache would otherwise keep the old
  // count.
  if (Math.max(count, estimate ?? 0) > smallRoomViewersMax)
    await recordViewers(streamId, count, now, posted);
  return { count, posted };
}

/** Shared by users who reconnect in the same batch and get the same count. */
const countCoalesced = coalesce(async (streamId: string, at: number, estimate: number) => {
  const now = new Date(at);
  const subscribed = viewersAmong(await listSubscribers(streamId, now, estimate));
  const relayed = await listRelayedRooms(streamId, now);
  return { count: countDistinct(subscribed, relayed), posted: subscribed.size };
});

/**
 * Remembers the viewers of a frame that was just posted. Returns what the mark stores: this count,
 * and the peak, which includes viewers who have come and left since the last frame. `peakBefore` is
 * the stored peak.
 */
export function noteViewers(
  { streamId, now, cache }: Audience,
  { count, posted }: ViewerCount,
  peakBefore = 0,
): PostedViewers {
  const countedAt = now.getTime();
  const peak = remember(cache, streamId, { count, posted, at: countedAt });
  const peakViewers = Math.max(peak, peakBefore);
  return { viewers: count, postedViewers: posted, peakViewers, countedAt };
}

/** Remembers a count made at a time (milliseconds). Returns the highest count remembered so far. */
function remember(
  { viewers }: PushCache,
  streamId: string,
  counted: ViewerCount & { at: number },
): number {
  const peak = Math.max(counted.count, viewers.get(streamId)?.peak ?? 0);
  viewers.set(streamId, { ...counted, peak });
  return peak;
}
