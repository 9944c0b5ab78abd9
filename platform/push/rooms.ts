import { setting } from "../env.ts";
import type { StreamWork } from "./batch.ts";
import { deliverFrames } from "./deliver.ts";
import { appendRecords, takeTexts } from "./frames.ts";
import { greetSubscribers } from "./greet.ts";
import { queuePosting } from "./queue.ts";
import { viewersOf } from "./viewers.ts";

/**
 * Does what a batch asks of one stream: its records into the log, deleted texts out of it, every
 * frame that was not yet posted to all viewers, then the new subscribers greeted. Each part can be
 * done again: whatever died on the way, the next try ends the same.
 */
export async function pushStream(streamId: string, work: StreamWork, now: Date): Promise<void> {
  const { records, subscribers } = work;
  if (records.length > 0) {
    const { head, made } = await appendRecords(streamId, records, now);
    await takeTexts(streamId, records, now);
    // A large room is posted by a function of its own, so that no other room waits for it.
    if ((await viewersOf(streamId, now)) > setting("LARGE_ROOM_VIEWERS"))
      await queuePosting(streamId, head);
    else await deliverFrames(streamId, head, made, now);
  }
  if (subscribers.length > 0) await greetSubscribers(streamId, subscribers, now);
}

/**
 * Waits until all are done, also when one fails: nothing may go on behind the back of the next try.
 * Throws the first failure.
 */
export async function allDone(parts: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(parts);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
