import { addName, estimate, mergeSketch, newSketch } from "../../../domain/log/sketch.ts";
import { listRecentRelayedRooms, listRelayedRooms, type RelayedRoom } from "./relays.ts";

/**
 * The number of distinct users who watch a stream, through the given subscriptions and through
 * relays: exact, or within 2 % if a relay has too many to list.
 */
export async function countWatching(
  streamId: string,
  subscribed: ReadonlySet<string>,
  now: Date,
): Promise<number> {
  return countAll(subscribed, await listRelayedRooms(streamId, now));
}

/** Like `countWatching`, for a frame: the users of relays may be two seconds old. */
export const countForFrame = async (
  streamId: string,
  subscribed: ReadonlySet<string>,
  now: Date,
): Promise<number> => countAll(subscribed, await listRecentRelayedRooms(streamId, now));

function countAll(subscribed: ReadonlySet<string>, rooms: readonly RelayedRoom[]): number {
  if (rooms.length === 0) return subscribed.size;
  const names = new Set(subscribed);
  for (const { users } of rooms) for (const userId of users.keys()) names.add(userId);
  const sketches = rooms.flatMap(({ sketch }) => sketch ?? []);
  if (sketches.length === 0) return names.size;
  const all = newSketch();
  for (const sketch of sketches) mergeSketch(all, sketch);
  for (const name of names) addName(all, name);
  return estimate(all);
}
