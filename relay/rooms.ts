import { addName, estimate, mergeSketch, newSketch, type Sketch } from "../domain/log/sketch.ts";
import { viewersAmong } from "../domain/log/subscriber.ts";
import { listRelayedRooms } from "../platform/store/log/relays.ts";
import { listSubscribers } from "../platform/store/log/subscribers.ts";
import type { Room } from "./model.ts";
import { createPresence } from "./presence.ts";
import { closeRoom, openRoom } from "./room.ts";

/** A room that nobody watches any more is kept for so long: its viewers may be back. */
const emptyMilliseconds = 30_000;
/** How old the number of those who watch elsewhere may be. */
const elsewhereMilliseconds = 2_000;
/** Those who watch a room by posts or by other relays. */
type Elsewhere = { names: Set<string>; sketches: Sketch[]; readAt: number };

/** The rooms of one relay. */
export type Rooms = ReturnType<typeof createRooms>;

export function createRooms(node: string) {
  const rooms = new Map<string, Room>();
  const opening = new Map<string, Promise<Room>>();
  const removing = new Map<string, Promise<void>>();
  const presence = createPresence(node);
  const elsewhere = new Map<Room, Promise<Elsewhere> & { at: number }>();

  function open(streamId: string): Promise<Room> {
    const found = rooms.get(streamId);
    if (found !== undefined) return Promise.resolve(found);
    let room = opening.get(streamId);
    // A removal that is still running must not remove the new room's viewers.
    room ??= Promise.resolve(removing.get(streamId)).then(async () => {
      const opened = await openRoom(streamId);
      rooms.set(streamId, opened);
      return opened;
    });
    opening.set(streamId, room);
    const done = () => opening.delete(streamId);
    room.then(done, done);
    return room;
  }

  /** Distinct users, those of other ways up to two seconds old. */
  async function countViewers(room: Room): Promise<number> {
    let found = elsewhere.get(room);
    if (found === undefined || Date.now() - found.at > elsewhereMilliseconds) {
      found = Object.assign(readElsewhere(room, node), { at: Date.now() });
      elsewhere.set(room, found);
      found.catch(() => elsewhere.delete(room));
    }
    room.total = countAll(room, await found);
    return room.total;
  }

  /** Has written down who watches, and closes what is left. To be done once a second. */
  async function tick(now: Date): Promise<void> {
    const works = [...rooms.values()].map((room) => {
      const isLeft = room.subscriptions.size === 0;
      if (isLeft && now.getTime() - room.leftAt > emptyMilliseconds) return drop(room);
      return presence.keep(room, now);
    });
    await Promise.all(works);
  }

  async function drop(room: Room): Promise<void> {
    closeRoom(room);
    rooms.delete(room.streamId);
    elsewhere.delete(room);
    const removal = presence.remove(room).finally(() => removing.delete(room.streamId));
    removing.set(room.streamId, removal);
    await removal;
  }

  return {
    ...{ open, countViewers, tick },
    settle: presence.settle,
    has: (streamId: string) => rooms.has(streamId),
    /** Says of all rooms that this relay does not serve them any more. */
    end: () => Promise.all([...rooms.values()].map(drop)),
  };
}

async function readElsewhere({ streamId }: Room, node: string): Promise<Elsewhere> {
  const now = new Date();
  const [subscribers, others] = await Promise.all([
    listSubscribers(streamId, now),
    listRelayedRooms(streamId, now, node),
  ]);
  const names = viewersAmong(subscribers);
  for (const { users } of others) for (const userId of users.keys()) names.add(userId);
  return { names, sketches: others.flatMap(({ sketch }) => sketch ?? []), readAt: now.getTime() };
}

function countAll({ users }: Room, { names, sketches }: Elsewhere): number {
  if (sketches.length === 0) {
    let count = users.size;
    for (const userId of names) if (!users.has(userId)) count += 1;
    return count;
  }
  const all = newSketch();
  for (const sketch of sketches) mergeSketch(all, sketch);
  for (const userId of [...names, ...users.keys()]) addName(all, userId);
  return estimate(all);
}
