import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame } from "../../domain/log/frame.ts";
import { logNotice } from "../runtime/log.ts";
import { putBacklog } from "../store/log/backlog.ts";
import { frameRecords } from "./append.ts";
import type { Audience } from "./audience.ts";
import { deliverFrames } from "./deliver.ts";
import { countViewers, isLargeRoom } from "./viewer-count.ts";

/**
 * Pushes records of one stream to its viewers: appends them to the log, removes deleted texts from
 * it, and posts all unposted frames. Every step is idempotent, so a retry after a crash ends in the
 * same state.
 *
 * A room with many viewers to post to is framed and posted by another function, so that other rooms
 * do not wait for it.
 * Its records wait in a backlog meanwhile, so under load its frames get larger, not more frequent.
 * In any room, records that only change sums wait for the next frame with events, or for a frame of
 * their own once a second.
 */
export async function pushStream(audience: Audience, records: readonly LogRecord[]): Promise<void> {
  const { streamId, now, outlet } = audience;
  if (records.every(({ events, trains }) => events.length === 0 && trains === undefined)) {
    const gathered = await putBacklog(streamId, records, now);
    return outlet.jobs.queueSums({ streamId, gathered });
  }
  const viewers = await countViewers(audience);
  if (isLargeRoom(audience, viewers)) {
    const id = await putBacklog(streamId, records, now);
    return outlet.jobs.queuePost({ streamId, gathered: id });
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

/**
 * The result of a call: the log's end, the frames that it appended, and whether all frames were
 * posted.
 */
type Shown = { head: number; newFrames: readonly Frame[]; posted: boolean };

/**
 * Logs which requests' records are in which new frames, and whether those were posted to all
 * viewers. This is the line to search for by `x-request-id`. Records without a request id are not
 * logged. Repeated records are in no new frame: an earlier line has their frame, and this one says
 * that they are posted.
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
