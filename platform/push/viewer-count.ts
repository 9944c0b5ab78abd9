import { countDistinct } from "../../domain/log/sketch.ts";
import { viewersAmong } from "../../domain/log/subscriber.ts";
import { setting } from "../runtime/env.ts";
import { claimCount, findLog, recordViewers } from "../store/log/logs.ts";
import { listRelayedRooms } from "../store/log/relays.ts";
import { listSubscribers } from "../store/log/subscribers.ts";
import { coalesce } from "../table/query.ts";
import type { Audience } from "./audience.ts";

/** Maximum age of the count in a frame. */
const ageMillisecondsMax = 5_000;

/**
 * The number of distinct subscribed users, up to 5 s old. In a large room it may be the previous
 * count while another environment counts. In a busy room posting the last frame has counted
 * already.
 */
export async function countViewers(audience: Audience): Promise<number> {
  const { streamId, now, memory } = audience;
  const known = memory.viewers.get(streamId);
  if (known !== undefined && isNew(known.at, now)) return known.count;
  let estimate = known?.count;
  // Counting 100,000 viewers takes half a second, and the poster has just done so.
  if (estimate === undefined || estimate > smallRoomViewersMax) {
    const { viewers = 0, postedViewers, countedAt = 0 } = (await findLog(streamId)) ?? {};
    if (viewers > smallRoomViewersMax) {
      estimate = viewers;
      // When all reconnect, hundreds of environments ask at once; one counts for all.
      if (isNew(countedAt, now) || !(await claimCount(streamId, countedAt, now))) {
        memory.viewers.set(streamId, { count: viewers, posted: postedViewers, at: countedAt });
        return viewers;
      }
    }
  }
  return countSubscribers(audience, estimate);
}

/**
 * The result of `countViewers`, and whether the room is large: then a separate function posts its
 * frames. Viewers whom relays serve do not make it large.
 */
export async function measureRoom(
  audience: Audience,
): Promise<{ viewers: number; isLarge: boolean }> {
  const viewers = await countViewers(audience);
  const { posted = viewers } = audience.memory.viewers.get(audience.streamId) ?? {};
  return { viewers, isLarge: posted > setting("LARGE_ROOM_VIEWERS") };
}

const isNew = (at: number, now: Date) => now.getTime() - at < ageMillisecondsMax;

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
  const known = audience.memory.viewers.get(audience.streamId)?.count;
  return known !== undefined && known <= smallRoomViewersMax
    ? countSubscribers(audience, known)
    : countViewers(audience);
}

async function countSubscribers(
  { streamId, now, memory }: Audience,
  estimate: number | undefined,
): Promise<number> {
  const { count, posted } = await countCoalesced(streamId, now.getTime(), estimate ?? 0);
  memory.viewers.set(streamId, { count, posted, at: now.getTime() });
  // Also if the room has shrunk: environments with an empty memory would otherwise keep the old
  // count.
  if (Math.max(count, estimate ?? 0) > smallRoomViewersMax)
    await recordViewers(streamId, count, now, posted);
  return count;
}

/** Shared by users who reconnect in the same batch and get the same count. */
const countCoalesced = coalesce(async (streamId: string, at: number, estimate: number) => {
  const now = new Date(at);
  const subscribed = viewersAmong(await listSubscribers(streamId, now, estimate));
  const relayed = await listRelayedRooms(streamId, now);
  return { count: countDistinct(subscribed, relayed), posted: subscribed.size };
});
