import { isOverlay } from "../../../domain/id.ts";
import { countDistinct } from "../../../domain/log/sketch.ts";
import { viewersAmong } from "../../../domain/log/subscriber.ts";
import { refuse } from "../../../domain/refusal.ts";
import { type Stream, viewersMaxOf } from "../../../domain/streams/stream.ts";
import { mayModerate } from "../../../domain/streams/stream-lifecycle.ts";
import type { Caller } from "../../auth/caller.ts";
import { cachedIfLong } from "../../runtime/cached.ts";
import { listRelayedRooms } from "./relays.ts";
import { listSubscribers } from "./subscribers.ts";

/** The subscribers; if more than a thousand, up to 5 s old. */
const listRecent = cachedIfLong(listSubscribers);

/**
 * Throws `room_full` if the room has no place left. Current viewers, the host, moderators, admins
 * and overlays need no place. Users who join at the same time may exceed the limit, because they
 * are not counted together.
 */
export async function assertRoomNotFull(
  stream: Stream,
  caller: Pick<Caller, "userId" | "roles">,
  now: Date,
): Promise<void> {
  const { userId } = caller;
  const max = viewersMaxOf(stream);
  if (max === undefined || isOverlay(userId) || mayModerate(stream, caller)) return;
  const [subscribers, rooms] = await Promise.all([
    listRecent(stream.id, now),
    listRelayedRooms(stream.id, now),
  ]);
  const subscribed = viewersAmong(subscribers);
  if (subscribed.has(userId) || rooms.some(({ users }) => users.has(userId))) return;
  if (countDistinct(subscribed, rooms) >= max) refuse("room_full", { max });
}
