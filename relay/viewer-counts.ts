import { countDistinct } from "../domain/log/sketch.ts";
import { viewersAmong } from "../domain/log/subscriber.ts";
import { isRecent } from "../platform/runtime/caches.ts";
import { logFault } from "../platform/runtime/log.ts";
import { listRelayedRooms, type RelayedRoom } from "../platform/store/log/relays.ts";
import { listSubscribers } from "../platform/store/log/subscribers.ts";
import type { Room } from "./model.ts";

/**
 * A room with more viewers is counted once a second at most: counting reads every name or sketch,
 * so a count for each viewer who returns after an outage would keep the relay busy for seconds.
 */
const largeMin = 1_000;
const countMilliseconds = { every: 1_000, most: 10_000 };
/**
 * Maximum age of the viewers elsewhere. Relays store those of a large room every five seconds, and
 * each relay reads those of all others from one key, which carries 3,000 read units a second.
 */
const elsewhereMilliseconds = { small: 2_000, large: 5_000 };

/** Viewers of a room through posts or other relays. */
type Elsewhere = { names: Set<string>; rooms: readonly RelayedRoom[] };

/** Counts the distinct viewers of one relay's rooms, with those elsewhere. */
export function createViewerCounts(node: string) {
  const elsewhere = new Map<Room, Promise<Elsewhere> & { at: number }>();
  const counting = new Map<Room, Promise<number>>();

  /**
   * Distinct viewers. In a large room this is the last count, up to ten seconds old, and the next
   * one starts in the background: viewers who return after an outage do not wait for it.
   */
  async function count(room: Room): Promise<number> {
    const { total = 0, countedAt = 0 } = room;
    const isNew = (milliseconds: number) => isRecent(countedAt, Date.now(), milliseconds);
    if (total <= largeMin || !isNew(countMilliseconds.most)) return countOnce(room);
    if (!isNew(countMilliseconds.every))
      countOnce(room).catch((error) =>
        logFault("A room's viewers could not be counted", error, { streamId: room.streamId }),
      );
    return total;
  }

  /** One count for all who ask meanwhile: of the viewers here once those elsewhere are read. */
  function countOnce(room: Room): Promise<number> {
    const found = counting.get(room) ?? countNow(room);
    counting.set(room, found);
    return found;
  }

  async function countNow(room: Room): Promise<number> {
    let found = elsewhere.get(room);
    const { total = 0 } = room;
    const { small, large } = elsewhereMilliseconds;
    const age = total > largeMin ? large : small;
    if (found === undefined || !isRecent(found.at, Date.now(), age)) {
      found = Object.assign(readElsewhere(room, node), { at: Date.now() });
      elsewhere.set(room, found);
      found.catch(() => elsewhere.delete(room));
    }
    try {
      const { names, rooms } = await found;
      room.total = countDistinct(names, [room, ...rooms]);
      room.countedAt = Date.now();
      return room.total;
    } finally {
      // No await since the count, because the next viewer to ask is not in it.
      counting.delete(room);
    }
  }

  /** Counts a large room again that nobody has joined for ten seconds. */
  async function recount(room: Room): Promise<void> {
    if ((room.total ?? 0) > largeMin) await count(room);
  }

  return { count, recount, forget: (room: Room) => elsewhere.delete(room) };
}

async function readElsewhere({ streamId }: Room, node: string): Promise<Elsewhere> {
  const now = new Date();
  const [subscribers, rooms] = await Promise.all([
    listSubscribers(streamId, now),
    listRelayedRooms(streamId, now, node),
  ]);
  return { names: viewersAmong(subscribers), rooms };
}
