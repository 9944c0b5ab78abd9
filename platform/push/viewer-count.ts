import { viewersAmong } from "../../domain/log/subscriber.ts";
import { claimCount, findLog, noteViewers } from "../store/log/logs.ts";
import { listSubscribers } from "../store/log/subscribers.ts";
import { countWatching } from "../store/log/watching.ts";
import { coalesce } from "../table/coalesce.ts";
import type { Audience } from "./audience.ts";

/** How old the count of viewers in a frame may be. */
const ageMillisecondsMax = 5_000;

/**
 * Distinct subscribed users, up to 5 s old, or that of a large room's last count while another
 * environment counts again: in a busy room the last frame's posting has counted.
 */
export async function viewersOf(audience: Audience): Promise<number> {
  const { streamId, now, memory } = audience;
  const known = memory.viewers.get(streamId);
  if (known !== undefined && isNew(known.at, now)) return known.count;
  let about = known?.count;
  // To count a hundred thousand takes half a second; the poster has just done so.
  if (about === undefined || about > smallRoomViewersMax) {
    const { viewers = 0, countedAt = 0 } = (await findLog(streamId)) ?? {};
    if (viewers > smallRoomViewersMax) {
      about = viewers;
      // When all reconnect, hundreds of environments ask at once, and one counts for the others.
      if (isNew(countedAt, now) || !(await claimCount(streamId, countedAt, now))) {
        memory.viewers.set(streamId, { ...known, count: viewers, at: countedAt });
        return viewers;
      }
    }
  }
  return countAnew(audience, about);
}

const isNew = (at: number, now: Date) => now.getTime() - at < ageMillisecondsMax;

/**
 * Up to this many viewers a room is counted again for each greeting. When a larger one reconnects
 * at once, counting for every few of them would read the whole room again and again.
 */
const smallRoomViewersMax = 100;

/**
 * Distinct subscribed users now, including those who are just being greeted; in a large room as
 * `viewersOf` has them.
 */
export async function viewersNow(audience: Audience): Promise<number> {
  const known = audience.memory.viewers.get(audience.streamId)?.count;
  return known !== undefined && known <= smallRoomViewersMax
    ? countAnew(audience, known)
    : viewersOf(audience);
}

async function countAnew(
  { streamId, now, memory }: Audience,
  about: number | undefined,
): Promise<number> {
  const { count, posted } = await countJoined(streamId, now.getTime(), about ?? 0);
  memory.viewers.set(streamId, { count, posted, at: now.getTime() });
  // Also where it has shrunk: otherwise those whose memory is new take the log's old count for good.
  if (Math.max(count, about ?? 0) > smallRoomViewersMax) await noteViewers(streamId, count, now);
  return count;
}

/** Users who reconnect in one batch receive the same count, so it is counted once for them. */
const countJoined = coalesce(async (streamId: string, at: number, about: number) => {
  const now = new Date(at);
  const subscribed = viewersAmong(await listSubscribers(streamId, now, about));
  return { count: await countWatching(streamId, subscribed, now), posted: subscribed.size };
});
