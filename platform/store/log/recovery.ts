import type { LogEnd } from "../../../domain/log/frame.ts";
import type { Position } from "../../../domain/log/position.ts";
import { endOf, type Recovery, recover } from "../../../domain/log/recovery.ts";
import { findFrame, findNewestFrame } from "./frames.ts";
import { getLog } from "./logs.ts";

/** Where a log ends now, read consistently. */
export async function readHead(streamId: string): Promise<LogEnd> {
  const [mark, newest] = await Promise.all([getLog(streamId), findNewestFrame(streamId)]);
  return endOf(mark, newest);
}

/** Recovers a viewer's position in a log that ends there. */
export async function recoverFrom(
  streamId: string,
  since: Position,
  end: Pick<LogEnd, "epoch" | "head">,
  now: Date,
): Promise<Recovery> {
  const next = await findFrame(streamId, since.frame + 1);
  return recover(since, end, next, now);
}
