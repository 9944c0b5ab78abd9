import type { Frame } from "../domain/log/frame.ts";
import { recordVisits, type Visit } from "../platform/store/log/subscribers.ts";
import { createBacklog } from "./backlog.ts";
import type { Room } from "./model.ts";
import { createPresence } from "./presence.ts";
import { closeRoom, openRoom, showFrame } from "./room.ts";
import { createViewerCounts } from "./viewer-counts.ts";

/** An empty room is kept for this long, because its viewers may reconnect. */
const emptyMilliseconds = 30_000;
/** Visits that are recorded at a time, a third of the connections to the table. */
const visitsMax = 16;

/** The rooms of one relay. */
export type Rooms = ReturnType<typeof createRooms>;

export function createRooms(node: string) {
  const rooms = new Map<string, Room>();
  const opening = new Map<string, Promise<Room>>();
  const removing = new Map<string, Promise<void>>();
  const presence = createPresence(node);
  const viewerCounts = createViewerCounts(node);
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

  /** Stores the viewers and closes empty rooms. Call it once per second. */
  async function tick(now: Date): Promise<void> {
    const works = [...rooms.values()].map((room) => {
      const isLeft = room.subscriptions.size === 0;
      // Also if the clock was set back since: it opens again when a viewer comes.
      const isLong = Math.abs(now.getTime() - room.leftAt) > emptyMilliseconds;
      if (isLeft && isLong) return drop(room);
      return Promise.all([presence.keep(room, now), viewerCounts.recount(room)]);
    });
    await Promise.all(works);
  }

  async function drop(room: Room): Promise<void> {
    closeRoom(room);
    rooms.delete(room.streamId);
    viewerCounts.forget(room);
    const removal = presence.remove(room).finally(() => removing.delete(room.streamId));
    removing.set(room.streamId, removal);
    await removal;
  }

  return {
    open,
    tick,
    countViewers: viewerCounts.count,
    settle: presence.settle,
    has: (streamId: string) => rooms.has(streamId),
    hasViewer: (streamId: string, userId: string) =>
      rooms.get(streamId)?.users.has(userId) ?? false,
    /** Shows a stream's new frame, if its room is open. */
    async show(streamId: string, frame: Frame): Promise<void> {
      const room = rooms.get(streamId);
      if (room !== undefined) await showFrame(room, frame);
    },
    /** Records that this relay no longer serves its rooms, and waits for the records of visits. */
    end: () => Promise.all([...[...rooms.values()].map(drop), visits.settled()]),
  };
}
