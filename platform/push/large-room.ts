import { handleEach, type QueueRecord } from "../lambda/consumer.ts";
import { limits } from "../runtime/limits.ts";
import { listBacklog, removeBacklog } from "../store/log/backlog.ts";
import { readHead } from "../store/log/frames.ts";
import { frameAll } from "./append.ts";
import type { Audience, Push } from "./audience.ts";
import { dropDead } from "./dead-connections.ts";
import { deliverFrames } from "./deliver.ts";
import { Posting } from "./jobs.ts";
import { logShown } from "./push-stream.ts";
import { viewersOf } from "./viewer-count.ts";

/**
 * Does what the messages of the queue `posts` ask, in parallel. Many that ask for the same room
 * are one: whichever is first takes all that has gathered. Answers the ids of those that failed and
 * are to come again, so that a room which fails does not keep back the others of its batch.
 */
export function postJobs(push: Push, messages: readonly QueueRecord[]): Promise<string[]> {
  const postings = new Map<string, Promise<void>>();
  return handleEach(messages, Posting, ({ streamId }) => {
    const posting = postings.get(streamId) ?? postRoom({ ...push, streamId });
    postings.set(streamId, posting);
    return posting;
  });
}

/**
 * Posts a large room: brings its backlog into the log, then posts every frame that has not been
 * posted yet to all viewers. Records that are added meanwhile have a message of their own in the
 * queue; for what one call does not take in, another is asked for.
 */
export async function postRoom(audience: Audience): Promise<void> {
  const { streamId, now, outlet } = audience;
  const { ids, records, more } = await listBacklog(streamId, limits().backlogRecords);
  // Without a backlog there may still be frames to post: the call that put them may have died.
  const framed =
    records.length > 0
      ? await frameAll(audience, records, await viewersOf(audience))
      : { ...(await readHead(streamId)), fed: undefined };
  await framed.fed;
  await removeBacklog(streamId, ids);
  let isDone = false;
  try {
    isDone = await deliverFrames(audience, framed);
  } finally {
    const newFrames = "newFrames" in framed ? framed.newFrames : [];
    logShown(streamId, records, { ...framed, newFrames, posted: isDone });
  }
  await dropDead(audience);
  if (more || !isDone) await outlet.jobs.queueRemainder(streamId, now);
}
