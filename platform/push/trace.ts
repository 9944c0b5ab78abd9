import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame } from "../../domain/log/frame.ts";
import { logNotice } from "../runtime/log.ts";

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
