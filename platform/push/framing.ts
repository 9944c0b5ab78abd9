import { recordIdOfMessage } from "../../domain/log/change.ts";
import type { LogRecord } from "../../domain/log/event.ts";
import { type Frame, frameKeptSeconds } from "../../domain/log/frame.ts";
import { limits } from "../limits.ts";
import { listBacklog, removeBacklog } from "../store/log/backlog.ts";
import { takeText } from "../store/log/frames.ts";
import { appendRecords } from "./append.ts";
import type { Audience } from "./audience.ts";
import { feedRecords } from "./feed-records.ts";
import { knownCovering } from "./log-cache.ts";

/**
 * Where a log ends, the frames that were put just now, and when the records have been handed to
 * those outside: to be awaited before the records are done with, beside the posts to the viewers.
 */
type Framed = { head: number; newFrames: Frame[]; fed: Promise<void> };

/**
 * Brings a batch into the log and deleted texts out of it. The message that a deletion is about may
 * still lie in the backlog of the time when the room was large: then all of that comes first.
 */
export async function frameRecords(
  audience: Audience,
  records: readonly LogRecord[],
  viewers: number,
): Promise<Framed> {
  if (!records.some((record) => record.deletes !== undefined))
    return frameAll(audience, records, viewers);
  const { streamId } = audience;
  const readBacklog = () => listBacklog(streamId, limits().backlogRecords);
  let backlog = await readBacklog();
  for (; backlog.more; backlog = await readBacklog()) {
    await (await frameAll(audience, backlog.records, viewers)).fed;
    await removeBacklog(streamId, backlog.ids);
  }
  // Frames of earlier rounds are read again before they are posted: what is deleted now may be in
  // them. Those of this last round are without it.
  const framed = await frameAll(audience, [...backlog.records, ...records], viewers);
  await framed.fed;
  await removeBacklog(streamId, backlog.ids);
  return framed;
}

/** Brings records into the log, and the texts that they delete out of its kept frames. */
export async function frameAll(
  audience: Audience,
  records: readonly LogRecord[],
  viewers: number,
): Promise<Framed> {
  const framed = await appendRecords(audience, records, viewers);
  const fed = feedRecords(audience, records, framed.newFrames);
  // Whoever awaits it hears of its failure, even if that comes while the texts are taken out.
  fed.catch(() => undefined);
  await takeTexts(audience, records);
  return { ...framed, fed };
}

/** Takes the texts of deleted messages out of the frames that are kept. */
async function takeTexts(audience: Audience, records: readonly LogRecord[]): Promise<void> {
  const { streamId, now } = audience;
  for (const { deletes } of records) {
    if (deletes === undefined) continue;
    const writtenAt = Date.parse(deletes.createdAt) / 1000;
    if (writtenAt < now.getTime() / 1000 - frameKeptSeconds) continue;
    const { messageId } = deletes;
    const recordId = recordIdOfMessage(messageId);
    const known = knownCovering(audience, recordId);
    await takeText(streamId, { messageId, recordId, writtenAt }, known);
  }
}
