import { addName, estimate, mergeSketch, newSketch } from "../../../domain/log/sketch.ts";
import { listRelayedRooms } from "./relays.ts";

/**
 * How many distinct users watch a stream, of whom these are subscribed by posts and the others by
 * relays: exactly, or within 2 % where a relay has too many to name.
 */
export async function countWatching(
  streamId: string,
  subscribed: ReadonlySet<string>,
  now: Date,
): Promise<number> {
  const rooms = await listRelayedRooms(streamId, now);
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
