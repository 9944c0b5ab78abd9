import type { LogRecord } from "../../domain/event.ts";
import type { Frame } from "../../domain/frame.ts";
import { setting } from "../env.ts";
import { findNewestFrame } from "../store/frames.ts";
import { listGathered, putGathered, removeGathered } from "../store/gathered.ts";
import type { StreamWork } from "./batch.ts";
import { deliverFrames, type PostFrames } from "./deliver.ts";
import { appendRecords, takeTexts } from "./frames.ts";
import { greetSubscribers } from "./greet.ts";
import { queuePosting } from "./queue.ts";
import type { Room } from "./room.ts";
import { viewersOf } from "./viewers.ts";

/**
 * Records that one frame may take in: their ids are kept with it, and an item is at most 400 KB.
 */
const recordsMax = 4_000;

/**
 * Does what a batch asks of one stream: its records into the log, deleted texts out of it, every
 * frame that was not yet posted to all viewers, then the new subscribers greeted. Each part can be
 * done again: whatever died on the way, the next try ends the same.
 *
 * A large room is framed and posted by a function of its own, so that no other room waits for it;
 * its records gather meanwhile, so that under load its frames get larger and not more.
 */
export async function pushStream(room: Room, work: StreamWork): Promise<void> {
  const { records, subscribers } = work;
  if (records.length > 0) {
    if ((await viewersOf(room)) > setting("LARGE_ROOM_VIEWERS")) {
      const id = await putGathered(room.streamId, records, room.now);
      await queuePosting({ streamId: room.streamId, gathered: id });
    } else {
      const { head, made } = await frameRecords(room, records);
      if (!(await deliverFrames(room, head, made))) await queueRest(room);
    }
  }
  if (subscribers.length > 0) await greetSubscribers(room, subscribers);
}

/**
 * Brings a batch into the log and deleted texts out of it. The message that a deletion is about may
 * still lie among what has gathered while the room was large: then that comes first.
 */
export async function frameRecords(
  room: Room,
  records: readonly LogRecord[],
): Promise<{ head: number; made: Frame[] }> {
  const deletes = records.some((record) => record.deletes !== undefined);
  const { ids, records: before } = deletes
    ? await listGathered(room.streamId, recordsMax)
    : nothingGathered;
  const framed = await appendRecords(room, [...before, ...records]);
  await takeTexts(room, [...before, ...records]);
  await removeGathered(room.streamId, ids);
  return framed;
}

const nothingGathered = { ids: [], records: [] };

/**
 * Posts a large room: all that has gathered into the log, then every frame that was not yet posted
 * to all viewers. What gathers meanwhile has a message of its own in the queue. `post` brings them
 * to the viewers.
 */
export async function postRoom(room: Room, post: PostFrames): Promise<void> {
  const { streamId } = room;
  const { ids, records } = await listGathered(streamId, recordsMax);
  if (records.length === 0) {
    // Whoever framed them may have died before posting.
    const newest = await findNewestFrame(streamId);
    if (newest === undefined) return;
    if (!(await deliverFrames(room, newest.n, [], post))) await queueRest(room);
    return;
  }
  const { head, made } = await appendRecords(room, records);
  await takeTexts(room, records);
  await removeGathered(streamId, ids);
  if (!(await deliverFrames(room, head, made, post))) await queueRest(room);
}

/** Asks for the posting of what is in the log already: this call has gone on for long enough. */
const queueRest = ({ streamId, now }: Room) =>
  queuePosting({ streamId, gathered: `rest-${now.toISOString()}` });
