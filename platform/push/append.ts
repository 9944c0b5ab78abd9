import { recordIdOfMessage } from "../../domain/log/change.ts";
import { dataWithoutText, type LogRecord, type StreamEvent } from "../../domain/log/event.ts";
import { type Frame, frameKeptSeconds, makeFrame } from "../../domain/log/frame.ts";
import type { LogState } from "../../domain/log/sums.ts";
import { selectDropped } from "../../domain/log/thinning.ts";
import { isRecent } from "../runtime/caches.ts";
import { setting } from "../runtime/env.ts";
import { limits } from "../runtime/limits.ts";
import { logFault } from "../runtime/log.ts";
import { countMetric } from "../runtime/metrics.ts";
import { noteLikers, storeTrains } from "../store/audience/log-state.ts";
import { type DeletedText, removeTexts } from "../store/log/deleted-texts.ts";
import { hasMessage, putFrame } from "../store/log/frames.ts";
import type { Audience, FramedRecords } from "./audience.ts";
import { addFrame, evictLog, loadLog, newRecordsIn } from "./push-cache.ts";
import { countViewers } from "./viewer-count.ts";

/**
 * What one call appended to a log, and where the log ends. `waiting` is set if nothing was appended
 * because the records have to wait: it is the first new one.
 */
export type Appended = FramedRecords & { head: number; waiting?: LogRecord };

/**
 * `queued` resolves when the records' events are queued for webhooks. Await it before acknowledging
 * the records; it runs in parallel with the posts to viewers.
 */
type Framed = Appended & { queued: Promise<void> };

/** Minimum time between a frame and the next one that only changes sums. */
export const sumsPauseSeconds = 1;

/** Whether the records only change sums. */
export const changeOnlySums = (records: readonly LogRecord[]): boolean =>
  records.every(({ events, trains }) => events.length === 0 && trains === undefined);

/**
 * Whether a frame that only changes sums would come too soon after this end of a log. A log's first
 * sums are never too soon, since none of its frames has carried sums yet.
 */
export const isTooSoon = (
  { sums, madeAt = 0 }: LogState & { madeAt?: number | undefined },
  now: Date,
) => sums !== undefined && isRecent(madeAt, now.getTime(), sumsPauseSeconds * 1000);

/**
 * Appends records to the log, removes the texts that they delete from stored frames, and queues the
 * records' events for webhooks. If they `mayWait`, records that only change sums are not appended
 * too soon after the last frame.
 */
export async function frameAll(
  audience: Audience,
  records: readonly LogRecord[],
  mayWait = false,
): Promise<Framed> {
  const { streamId, now, outlet } = audience;
  const appended = await appendRecords(audience, records, mayWait);
  if (appended.waiting) return { ...appended, queued: Promise.resolve() };
  const likers = records.flatMap(({ liker }) => liker ?? []);
  if (likers.length > 0) await noteLikers(streamId, likers);
  const queued = outlet.events?.queueRecords(audience, records, appended) ?? Promise.resolve();
  // The caller awaits `queued`; this prevents an unhandled rejection while texts are removed.
  queued.catch(() => undefined);
  const texts = deletedTexts(records, now);
  if (texts.length > 0) await removeTexts(streamId, texts, appended.covering);
  return { ...appended, queued };
}

/**
 * Conflicting Puts before a call fails and is retried. Each conflict means that another call
 * appended a frame first.
 */
const conflictsMax = 50;

/** The post rate counts as reached until this long after a post last had to wait. */
const limitedMilliseconds = 2_000;

/**
 * Appends records to a stream's log, each exactly once. The log decides which records are new,
 * regardless of how they were batched or delivered before, and of concurrent calls (docs/frames.md,
 * steps 1 to 3). Throws after 50 conflicts. If the records `mayWait`, another call that has just
 * appended a frame makes them wait.
 *
 * Also stores the hype trains' state; stores it again for records that are already in the log,
 * because the call that appended them may have died.
 */
export async function appendRecords(
  audience: Audience,
  records: readonly LogRecord[],
  mayWait = false,
): Promise<Appended> {
  const { streamId, now, outlet } = audience;
  const { count: viewers, posted } = await countViewers(audience);
  const { frameBytes } = limits();
  const waits = mayWait && changeOnlySums(records);
  const postsPerSecond = setting("POST_RATE");
  const newFrames: Frame[] = [];
  let storesTrains = false;
  try {
    for (let conflicts = 0; conflicts <= conflictsMax; conflicts++) {
      const log = await loadLog(audience, oldestOf(records));
      // Computed once, while the cache is known to be complete for all records: each Put may evict
      // older frames.
      let fresh = await withoutDeletedTexts(streamId, newRecordsIn(log, records));
      storesTrains ||= fresh.length < records.length;
      const [waiting] = fresh;
      if (waits && waiting !== undefined && newFrames.length === 0 && isTooSoon(log, now))
        return { head: log.head, newFrames, covering: log.covered, waiting };
      while (fresh.length > 0) {
        const limitedAt = outlet.governor.limitedAt();
        const isLimited = isRecent(limitedAt, now.getTime(), limitedMilliseconds);
        const load = { frameBytes, posted, postsPerSecond, isLimited };
        const dropped = selectDropped(fresh, load);
        const facts = { streamId, viewers, dropped, bytesMax: frameBytes };
        const { frame, taken, tooLarge, ...made } = makeFrame(log, fresh, facts, now);
        if (!(await putFrame(streamId, frame))) break;
        addFrame(log, frame, now);
        newFrames.push(frame);
        storesTrains ||= made.hasTrains;
        countMetric("FramesPut");
        const framed = fresh.slice(0, taken);
        countMetric("MessagesSkipped", framed.filter(({ id }) => dropped.has(id)).length);
        fresh = fresh.slice(taken);
        for (const { id } of tooLarge)
          logFault("An event is too large for a frame", new Error(id), { streamId });
      }
      if (fresh.length === 0) {
        if (storesTrains) await storeTrains(streamId, log.moments ?? []);
        return { head: log.head, newFrames, covering: log.covered };
      }
      evictLog(audience);
    }
    throw new Error(`The log of ${streamId} is too busy`);
  } catch (error) {
    // The cache may differ from the log now, so the next call reads the log.
    evictLog(audience);
    throw error;
  }
}

/**
 * Removes the texts of messages that have been deleted since from the records' pins. A pin and a
 * deletion change two items, so their records may come in any order. Call it after the log was
 * loaded: a deletion that is not seen here yet is framed later, and then removes the text.
 */
async function withoutDeletedTexts(
  streamId: string,
  records: readonly LogRecord[],
): Promise<LogRecord[]> {
  const current = async (event: StreamEvent): Promise<StreamEvent> => {
    if (event.type !== "chat.pinned" || event.data.message === null) return event;
    const isShown = await hasMessage(streamId, event.data.messageId);
    return isShown ? event : { ...event, data: dataWithoutText(event) };
  };
  const shown = async (record: LogRecord): Promise<LogRecord> =>
    record.events.some(({ type }) => type === "chat.pinned")
      ? { ...record, events: await Promise.all(record.events.map(current)) }
      : record;
  return Promise.all(records.map(shown));
}

/** The creation time of the oldest record, in seconds since 1970; infinity if there are none. */
const oldestOf = (records: readonly LogRecord[]): number =>
  records.reduce((least, { createdAt }) => Math.min(least, createdAt), Number.POSITIVE_INFINITY);

/** The deleted texts that a stored frame may still contain. */
function deletedTexts(records: readonly LogRecord[], now: Date): DeletedText[] {
  const oldest = now.getTime() / 1000 - frameKeptSeconds;
  return records
    .flatMap(({ deletes }) => deletes ?? [])
    .flatMap(({ messageId, createdAt, pins = [] }) =>
      [{ recordId: recordIdOfMessage(messageId), at: createdAt }, ...pins].map(
        ({ recordId, at }) => ({ messageId, recordId, writtenAt: Date.parse(at) / 1000 }),
      ),
    )
    .filter(({ writtenAt }) => writtenAt >= oldest);
}
