import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame } from "../../domain/log/frame.ts";
import { setting } from "../env.ts";
import { limits } from "../limits.ts";
import { listGathered, putGathered, removeGathered } from "../store/log/backlog.ts";
import { readHead } from "../store/log/recovery.ts";
import { appendRecords, takeTexts } from "./append.ts";
import type { StreamWork } from "./batch.ts";
import { deliverFrames, type PostFrames } from "./deliver.ts";
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
 * still lie among what has gathered while the room was large: then all of that comes first.
 */
export async function frameRecords(room: Room, records: readonly LogRecord[]): Promise<Framed> {
  if (!records.some((record) => record.deletes !== undefined)) return frameAll(room, records);
  const { streamId } = room;
  const read = () => listGathered(streamId, limits().gatheredRecords);
  let round = await read();
  for (; round.more; round = await read()) {
    await frameAll(room, round.records);
    await removeGathered(streamId, round.ids);
  }
  // Frames of earlier rounds are read again before they are posted: what is deleted now may be in
  // them. Those made now are without it.
  const framed = await frameAll(room, [...round.records, ...records]);
  await removeGathered(streamId, round.ids);
  return framed;
}

type Framed = { head: number; made: Frame[] };

async function frameAll(room: Room, records: readonly LogRecord[]): Promise<Framed> {
  const framed = await appendRecords(room, records);
  await takeTexts(room, records);
  return framed;
}

/**
 * Posts a large room: all that has gathered into the log, then every frame that was not yet posted
 * to all viewers. What gathers meanwhile has a message of its own in the queue; what one call does
 * not take in is asked for. `post` brings them to the viewers.
 */
export async function postRoom(room: Room, post: PostFrames): Promise<void> {
  const { streamId } = room;
  const { ids, records, more } = await listGathered(streamId, limits().gatheredRecords);
  const { head, made } =
    records.length > 0 ? await frameAll(room, records) : await framedBefore(room);
  await removeGathered(streamId, ids);
  const isDone = await deliverFrames(room, head, made, post);
  if (more || !isDone) await queueRest(room);
}

/** What lies in the log already: whoever framed it may have died before posting. */
async function framedBefore({ streamId }: Room): Promise<Framed> {
  return { head: (await readHead(streamId)).head, made: [] };
}

/** Asks for the posting of what this call has left: it has gone on for long enough. */
const queueRest = ({ streamId, now }: Room) =>
  queuePosting({ streamId, gathered: `rest-${now.toISOString()}` });
