import { recordIdOfMessage } from "../../domain/log/change.ts";
import type { LogRecord } from "../../domain/log/event.ts";
import { type Frame, frameKeptSeconds } from "../../domain/log/frame.ts";
import { limits } from "../runtime/limits.ts";
import { noteLikers } from "../store/audience/likers.ts";
import { listBacklog, removeBacklog } from "../store/log/backlog.ts";
import { takeText } from "../store/log/frames.ts";
import { appendRecords, oldestOf } from "./append.ts";
import type { Audience } from "./audience.ts";
import { feedRecords } from "./feed-records.ts";
import { knownCovering, knownLog } from "./log-cache.ts";

/**
 * Where a log ends, the frames that were put just now, and when the records have been handed to
 * those outside: to be awaited before the records are done with, in parallel to the viewers' posts.
 */
type Framed = { head: number; newFrames: Frame[]; fed: Promise<void> };

/**
 * Brings a batch into the log and deleted texts out of it. Where the stream has sums, what was
 * added to them and has gathered comes along. The message that a deletion is about may
 * still lie in the backlog of the time when the room was large: then all of that comes first.
 */
export async function frameRecords(
  audience: Audience,
  records: readonly LogRecord[],
  viewers: number,
): Promise<Framed> {
  const { streamId } = audience;
  const readBacklog = () => listBacklog(streamId, limits().backlogRecords);
  if (!records.some((record) => record.deletes !== undefined)) {
    const { sums } = await knownLog(audience, oldestOf(records));
    if (sums === undefined) return frameAll(audience, records, viewers);
    const gathered = await readBacklog();
    const framed = await frameAll(audience, [...gathered.records, ...records], viewers);
    const fed = framed.fed.then(() => removeBacklog(streamId, gathered.ids));
    // Its caller sees the failure, even if that comes while the frames are posted.
    fed.catch(() => undefined);
    return { ...framed, fed };
  }
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
  await noteLikers(
    audience.streamId,
    records.flatMap(({ liker }) => liker ?? []),
  );
  const fed = feedRecords(audience, records, framed.newFrames);
  // Its caller sees the failure, even if that comes while the texts are taken out.
  fed.catch(() => undefined);
  await takeTexts(audience, records);
  return { ...framed, fed };
}

/** Takes the texts of deleted messages out of the frames that are kept. */
async function takeTexts(audience: Audience, records: readonly LogRecord[]): Promise<void> {
  const { streamId, now } = audience;
  for (const { deletes } of records) {
    if (deletes === undefined) continue;
    const { messageId, createdAt: at, pins = [] } = deletes;
    const shown = [{ recordId: recordIdOfMessage(messageId), at }, ...pins];
    for (const { recordId, at } of shown) {
      const writtenAt = Date.parse(at) / 1000;
      if (writtenAt < now.getTime() / 1000 - frameKeptSeconds) continue;
      const known = knownCovering(audience, recordId);
      await takeText(streamId, { messageId, recordId, writtenAt }, known);
    }
  }
}
