import type { Frame } from "../domain/log/frame.ts";
import { addName, estimate, mergeSketch, newSketch, type Sketch } from "../domain/log/sketch.ts";
import { viewersAmong } from "../domain/log/subscriber.ts";
import { listRelayedRooms } from "../platform/store/log/relays.ts";
import { listSubscribers, recordVisits, type Visit } from "../platform/store/log/subscribers.ts";
import { createBacklog } from "./backlog.ts";
import type { Room } from "./model.ts";
import { createPresence } from "./presence.ts";
import { closeRoom, openRoom, take } from "./room.ts";

/** An empty room is kept for this long, because its viewers may reconnect. */
const emptyMilliseconds = 30_000;
/** Maximum age of the viewers counted elsewhere. */
const elsewhereMilliseconds = 2_000;
/**
 * A room with more viewers is counted once a second: counting reads every name or sketch, so a
 * count for each viewer who returns after an outage would keep the relay busy for seconds.
 */
const countedAtOnceMax = 1_000;
const countMilliseconds = 1_000;
/** Visits that are recorded at a time, a third of the connections to the table. */
const visitsMax = 16;
/** Viewers of a room through posts or other relays. */
type Elsewhere = { names: Set<string>; sketches: Sketch[]; readAt: number };

/** The rooms of one relay. */
export type Rooms = ReturnType<typeof createRooms>;

export function createRooms(node: string) {
  const rooms = new Map<string, Room>();
  const opening = new Map<string, Promise<Room>>();
  const removing = new Map<string, Promise<void>>();
  const presence = createPresence(node);
  const elsewhere = new Map<Room, Promise<Elsewhere> & { at: number }>();
  const visits = createBacklog<Visit>({ batchMax: visitsMax }, recordVisits);

  function open(streamId: string): Promise<Room> {
    const found = rooms.get(streamId);
    if (found !== undefined) return Promise.resolve(found);
    let room = opening.get(streamId);
    // A removal that is still running must not remove the new room's viewers.
    room ??= Promise.resolve(removing.get(streamId)).then(async () => {
      const opened = await openRoom(streamId, visits);
      rooms.set(streamId, opened);
      return opened;
    });
    opening.set(streamId, room);
    const done = () => opening.delete(streamId);
    room.then(done, done);
    return room;
  }

  /** Distinct viewers; those elsewhere up to two seconds old, a large room's own up to one. */
  async function countViewers(room: Room): Promise<number> {
    let found = elsewhere.get(room);
    if (found === undefined || Date.now() - found.at > elsewhereMilliseconds) {
      found = Object.assign(readElsewhere(room, node), { at: Date.now() });
      elsewhere.set(room, found);
      found.catch(() => elsewhere.delete(room));
    }
    const others = await found;
    const now = Date.now();
    const { total = 0, countedAt = 0 } = room;
    if (total > countedAtOnceMax && now - countedAt < countMilliseconds) return total;
    room.total = countAll(room, others);
    room.countedAt = now;
    return room.total;
  }

  /** Stores the viewers and closes empty rooms. Call it once per second. */
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
    /** Shows a stream's new frame, if its log is open. */
    async take(streamId: string, frame: Frame): Promise<void> {
      const room = rooms.get(streamId);
      if (room !== undefined) await take(room, frame);
    },
    /** Records that this relay no longer serves its rooms, and the visits that have ended. */
    end: () => Promise.all([...[...rooms.values()].map(drop), visits.settled()]),
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
