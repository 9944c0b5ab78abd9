import { setting } from "../env.ts";
import type { StreamWork } from "./batch.ts";
import { deliverFrames } from "./deliver.ts";
import { appendRecords, takeTexts } from "./frames.ts";
import { greetSubscribers } from "./greet.ts";
import { queuePosting } from "./queue.ts";
import type { Room } from "./room.ts";
import { viewersOf } from "./viewers.ts";

/**
 * Does what a batch asks of one stream: its records into the log, deleted texts out of it, every
 * frame that was not yet posted to all viewers, then the new subscribers greeted. Each part can be
 * done again: whatever died on the way, the next try ends the same.
 */
export async function pushStream(room: Room, work: StreamWork): Promise<void> {
  const { records, subscribers } = work;
  if (records.length > 0) {
    const { head, made } = await appendRecords(room, records);
    await takeTexts(room, records);
    // A large room is posted by a function of its own, so that no other room waits for it.
    if ((await viewersOf(room)) > setting("LARGE_ROOM_VIEWERS"))
      await queuePosting({ streamId: room.streamId, upTo: head });
    else await deliverFrames(room, head, made);
  }
  if (subscribers.length > 0) await greetSubscribers(room, subscribers);
}
