import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame } from "../../domain/log/frame.ts";
import { setting } from "../runtime/env.ts";
import { logNotice } from "../runtime/log.ts";
import { putBacklog } from "../store/log/backlog.ts";
import { frameRecords } from "./append.ts";
import type { Audience } from "./audience.ts";
import { deliverFrames } from "./deliver.ts";
import { viewersOf } from "./viewer-count.ts";

/**
 * Shows records of one stream to its viewers: brings them into the log, deleted texts out of it,
 * and posts every frame that has not been posted yet. Each step can be done again: whatever died on
 * the way, the next try ends the same.
 *
 * A large room is framed and posted by a function of its own, so that no other room waits for it;
 * its records gather meanwhile, so that under load its frames get larger and not more. What only
 * adds to sums gathers in any room, for the next frame with events, or one of its own a second.
 */
export async function pushStream(audience: Audience, records: readonly LogRecord[]): Promise<void> {
  const { streamId, now, outlet } = audience;
  if (records.every(({ events, trains }) => events.length === 0 && trains === undefined)) {
    const gathered = await putBacklog(streamId, records, now);
    return outlet.jobs.queueSums({ streamId, gathered });
  }
  const viewers = await viewersOf(audience);
  if (viewers > setting("LARGE_ROOM_VIEWERS")) {
    const id = await putBacklog(streamId, records, now);
    return outlet.jobs.queuePosting({ streamId, gathered: id });
  }
  const framed = await frameRecords(audience, records, viewers);
  let posted = false;
  try {
    posted = await deliverFrames(audience, framed);
  } finally {
    logShown(streamId, records, { ...framed, posted });
  }
  if (!posted) await outlet.jobs.queueRemainder(streamId, now);
  await framed.fed;
}

/** What a call has done of records: where the log ends, what it put, and whether all was posted. */
type Shown = { head: number; newFrames: readonly Frame[]; posted: boolean };

/**
 * Says in one line which calls' records have become which frames, and whether those were posted to
 * all viewers: what is searched for by an `x-request-id`. Records that no call of ours wrote are
 * not logged. Records that came again are in no new frame: they were logged the first time, and the
 * line says that they were posted.
 */
export function logShown(
  streamId: string,
  records: readonly LogRecord[],
  { head, newFrames, posted }: Shown,
): void {
  const requestIds = [...new Set(records.flatMap((one) => one.correlationId ?? []))];
  if (requestIds.length === 0) return;
  const frames = newFrames.map(({ n }) => n);
  logNotice("Records were shown", { streamId, frames, head, posted, requestIds });
}
