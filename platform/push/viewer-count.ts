import { countViewers } from "../../domain/log/subscriber.ts";
import { getLog } from "../store/log/logs.ts";
import { listSubscribers } from "../store/log/subscribers.ts";
import { type Room, remember } from "./memory.ts";

/** How old the number of viewers in a frame may be. */
const ageMillisecondsMax = 5_000;
/** Streams whose number one environment remembers. */
const streamsMax = 1_000;

/** Notes how many distinct users a reading of the subscribers has shown. */
export function noteViewers(
  { streamId, now, memory }: Room,
  count: number,
  at = now.getTime(),
): void {
  remember(memory.viewers, streamId, { count, at }, streamsMax);
}

/**
 * Distinct subscribed users, at most 5 s old: in a busy room the last frame's posting has counted.
 */
export async function viewersOf(room: Room): Promise<number> {
  const known = room.memory.viewers.get(room.streamId);
  if (known !== undefined && isNew(known.at, room)) return known.count;
  if (known === undefined || known.count <= smallRoomViewersMax)
    return countAnew(room, known?.count);
  // To count a hundred thousand takes half a second; whoever posts them has just done so.
  const { viewers, countedAt } = await getLog(room.streamId);
  if (viewers === undefined || countedAt === undefined || !isNew(countedAt, room))
    return countAnew(room, known.count);
  noteViewers(room, viewers, countedAt);
  return viewers;
}

const isNew = (at: number, { now }: Room) => now.getTime() - at < ageMillisecondsMax;

/**
 * Viewers of a room that is counted anew for each greeting. When a larger one comes back at once,
 * counting for each few would read the whole room again and again.
 */
const smallRoomViewersMax = 100;

/** Distinct subscribed users now, those included who are just greeted; of a large room 5 s old. */
export async function viewersNow(room: Room): Promise<number> {
  const known = room.memory.viewers.get(room.streamId)?.count;
  return known === undefined || known <= smallRoomViewersMax
    ? countAnew(room, known)
    : viewersOf(room);
}

async function countAnew(room: Room, about: number | undefined): Promise<number> {
  const count = countViewers(await listSubscribers(room.streamId, room.now, about));
  noteViewers(room, count);
  return count;
}
