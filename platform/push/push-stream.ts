import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame } from "../../domain/log/frame.ts";
import { setting } from "../env.ts";
import { limits } from "../limits.ts";
import { listBacklog, putBacklog, removeBacklog } from "../store/log/backlog.ts";
import { appendRecords, takeTexts } from "./append.ts";
import type { StreamWork } from "./batch.ts";
import { deliverFrames } from "./deliver.ts";
import { greetSubscribers } from "./greet.ts";
import { queuePosting } from "./jobs.ts";
import type { Room } from "./memory.ts";
import { viewersOf } from "./viewer-count.ts";

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
      const id = await putBacklog(room.streamId, records, room.now);
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
 * still lie among what has gathered while the room was large: then all of that comes first.
 */
export async function frameRecords(room: Room, records: readonly LogRecord[]): Promise<Framed> {
  if (!records.some((record) => record.deletes !== undefined)) return frameAll(room, records);
  const { streamId } = room;
  const read = () => listBacklog(streamId, limits().backlogRecords);
  let round = await read();
  for (; round.more; round = await read()) {
    await frameAll(room, round.records);
    await removeBacklog(streamId, round.ids);
  }
  // Frames of earlier rounds are read again before they are posted: what is deleted now may be in
  // them. Those made now are without it.
  const framed = await frameAll(room, [...round.records, ...records]);
  await removeBacklog(streamId, round.ids);
  return framed;
}

export type Framed = { head: number; made: Frame[] };

/** Brings records into the log, and the texts that they delete out of its kept frames. */
export async function frameAll(room: Room, records: readonly LogRecord[]): Promise<Framed> {
  const framed = await appendRecords(room, records);
  await takeTexts(room, records);
  return framed;
}

/** Asks for the posting of what this call has left: it has gone on for long enough. */
export const queueRest = ({ streamId, now }: Room) =>
  queuePosting({ streamId, gathered: `rest-${now.toISOString()}` });
