import { handleEach, type QueueRecord } from "../lambda/consumer.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { limits } from "../runtime/limits.ts";
import { readHead } from "../store/log/frames.ts";
import { listBacklog, removeBacklog } from "../store/log/logs.ts";
import { frameAll, sumsPauseSeconds } from "./append.ts";
import type { Audience, Push } from "./audience.ts";
import { deliverFrames } from "./deliver.ts";
import { PostJob } from "./jobs.ts";
import { removeDead } from "./post.ts";

/**
 * Handles messages of the queue `posts` in parallel. Messages for the same room are handled once,
 * because the first takes the entire backlog. Returns the ids of failed messages, so that a failing
 * room does not block the others.
 */
export function postRooms(push: Push, messages: readonly QueueRecord[]): Promise<string[]> {
  const postings = new Map<string, Promise<void>>();
  return handleEach(messages, PostJob, ({ streamId }) => {
    const posting = postings.get(streamId) ?? postRoom({ ...push, streamId });
    postings.set(streamId, posting);
    return posting;
  });
}

/**
 * Posts a room: appends its backlog to the log, then posts all unposted frames to all viewers.
 * Records that arrive meanwhile have their own message in a queue. If this call stops at a limit,
 * or the backlog has to wait, it queues another job.
 */
export async function postRoom(audience: Audience): Promise<void> {
  const { streamId, now, outlet } = audience;
  const { ids, records, idOf, more } = await listBacklog(streamId, limits().backlogRecords, now);
  // Even without a backlog there may be unposted frames: the call that appended them may have died.
  const framed =
    records.length > 0
      ? await frameAll(audience, records, !more)
      : { ...(await readHead(streamId)), queued: Promise.resolve() };
  // The item of a record that still waits: others may be framed already, and removed meanwhile.
  const gathered = "waiting" in framed && framed.waiting && idOf.get(framed.waiting.id);
  if (gathered) return outlet.jobs.queueSums({ streamId, gathered }, sumsPauseSeconds);
  const [isDone] = await waitForAll([deliverFrames(audience, framed, records), framed.queued]);
  // Removed only now: if a message of the queue `sums` is delivered again, it needs its item.
  await removeBacklog(streamId, ids);
  await removeDead(audience);
  if (more || !isDone) await outlet.jobs.queueRemainder(streamId, now);
}
