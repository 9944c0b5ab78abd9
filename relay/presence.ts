import { addName, newSketch } from "../domain/log/sketch.ts";
import { isRecent } from "../platform/runtime/caches.ts";
import { logFault } from "../platform/runtime/log.ts";
import {
  aliveMilliseconds,
  markRelayedRoom,
  putRelayedRoom,
  removeRelayedRoom,
} from "../platform/store/log/relays.ts";
import type { Room } from "./model.ts";

/** Most user ids of a room that a relay stores; above that, a sketch of all and the newest ids. */
const namedMax = 10_000;
const newestMax = 1_000;

/** The stored state of a room, the write in progress, and the one queued after it. */
type Written = {
  at: number;
  /** When the list of users was written. */
  listedAt: number;
  parts: number;
  writing?: Promise<void> | undefined;
  next?: Promise<void> | undefined;
};

/**
 * Up to this number of users in a room, relays and API together, a viewer is stored before they are
 * subscribed.
 */
const exactMax = 100;
/**
 * Above this number of users in a room, viewers are stored every five seconds: a list of 10,000
 * takes 350 write units and a sketch 70, of the 1,000 a second that the key of a room's relays
 * carries.
 */
const promptMax = 1_000;

/**
 * The number of a room's users, on relays and the API together, as far as this relay knows: a new
 * relay does not know most of a large room's yet.
 */
const sizeOf = ({ users, total = 0 }: Room) => Math.max(users.size, total);

/** A list that does not change is written again after this time: it expires after an hour. */
const relistMilliseconds = 1_800_000;

/** Stores the viewers of a relay's rooms, to be counted with those of other relays. */
export function createPresence(node: string) {
  const written = new Map<Room, Written>();
  const notesOf = (room: Room): Written => {
    const found = written.get(room) ?? { at: 0, listedAt: 0, parts: 0 };
    written.set(room, found);
    return found;
  };

  /**
   * Stores the current viewers in a write that starts after this call. Concurrent callers share the
   * next write.
   */
  function write(room: Room): Promise<void> {
    const notes = notesOf(room);
    notes.next ??= Promise.resolve(notes.writing).then(() => {
      notes.next = undefined;
      notes.writing = writeNow(room, notes).finally(() => {
        notes.writing = undefined;
      });
      return notes.writing;
    });
    return notes.next;
  }

  async function writeNow(room: Room, notes: Written): Promise<void> {
    const { streamId, hasChanged } = room;
    const now = new Date();
    room.hasChanged = false;
    try {
      const isOld = !isRecent(notes.listedAt, now.getTime(), relistMilliseconds);
      if (hasChanged || isOld) {
        notes.parts = await putRelayedRoom(
          { streamId, node },
          storedUsersOf(room),
          notes.parts,
          now,
        );
        notes.listedAt = now.getTime();
      } else await markRelayedRoom(streamId, node, now);
      notes.at = now.getTime();
    } catch (error) {
      room.hasChanged ||= hasChanged;
      logFault("A room's viewers could not be written", error, { streamId });
    }
  }

  /** Waits until a small room's current viewers are stored. */
  async function settle(room: Room): Promise<void> {
    if (sizeOf(room) > exactMax) return;
    await (room.hasChanged ? write(room) : written.get(room)?.writing);
  }

  return {
    settle,
    /** Stores changes, and from time to time a heartbeat of the room. */
    keep(room: Room, now: Date): Promise<void> | undefined {
      const isDue = !isRecent(notesOf(room).at, now.getTime(), aliveMilliseconds.every);
      const isPrompt = room.hasChanged && sizeOf(room) <= promptMax;
      return isPrompt || isDue ? write(room) : undefined;
    },
    /** Removes the stored state of a room. */
    async remove(room: Room): Promise<void> {
      const { parts, writing } = notesOf(room);
      written.delete(room);
      await writing;
      await removeRelayedRoom(room.streamId, node, parts).catch((error) =>
        logFault("A room could not be removed", error, { streamId: room.streamId }),
      );
    },
  };
}

/** The stored form of the users who watch a room through this relay. */
function storedUsersOf(room: Room) {
  const named = [...room.users].map(([userId, { at }]) => [userId, at] as const);
  if (sizeOf(room) <= namedMax) return { users: new Map(named) };
  const sketch = newSketch();
  for (const [userId] of named) addName(sketch, userId);
  return { users: new Map(named.slice(-newestMax)), sketch };
}
