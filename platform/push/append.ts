import { recordIdOfMessage } from "../../domain/log/change.ts";
import type { LogRecord } from "../../domain/log/event.ts";
import { type Frame, frameKeptSeconds, makeFrame } from "../../domain/log/frame.ts";
import { bytesOf, chooseDropped } from "../../domain/log/thinning.ts";
import { setting } from "../runtime/env.ts";
import { limits } from "../runtime/limits.ts";
import { logFault } from "../runtime/log.ts";
import { countMetric } from "../runtime/metrics.ts";
import { noteLikers, storeTrains } from "../store/audience/log-state.ts";
import { putFrame, removeText } from "../store/log/frames.ts";
import { listBacklog, removeBacklog } from "../store/log/logs.ts";
import { findStream } from "../store/streams/streams.ts";
import type { Audience, FramedRecords } from "./audience.ts";
import { addFrame, evictLog, type LogCache, loadLog, readLog } from "./memory.ts";

/** What one call appended to a log, and where the log ends. */
export type Appended = FramedRecords & { head: number };

/**
 * `queued` resolves when the records' events are queued for webhooks. Await it before acknowledging
 * the records; it runs in parallel with the posts to viewers.
 */
type Framed = Appended & { queued: Promise<void> };

const noBacklog = { ids: [], records: [], more: false };

/**
 * Appends a batch to the log, and removes deleted texts from stored frames. Includes the backlog if
 * the log has sums, or if the batch deletes a text: the message may still be in the
 * backlog from when the room was large, so the entire backlog is appended first.
 */
export async function frameRecords(
  audience: Audience,
  records: readonly LogRecord[],
  viewers: number,
): Promise<Framed> {
  const { streamId } = audience;
  const deletes = records.some((record) => record.deletes !== undefined);
  const gathers = deletes || (await loadLog(audience, oldestOf(records))).sums !== undefined;
  for (;;) {
    const backlog = gathers ? await listBacklog(streamId, limits().backlogRecords) : noBacklog;
    const isLast = !deletes || !backlog.more;
    const batch = isLast ? [...backlog.records, ...records] : backlog.records;
    // Frames of earlier rounds are not returned, so they are read again before they are posted:
    // this batch may delete texts in them. Frames of the last round do not contain those texts.
    const framed = await frameAll(audience, batch, viewers);
    const queued = framed.queued.then(() => removeBacklog(streamId, backlog.ids));
    // The caller awaits `queued`; this prevents an unhandled rejection while frames are posted.
    queued.catch(() => undefined);
    if (isLast) return { ...framed, queued };
    await queued;
  }
}

/**
 * Appends records to the log, removes the texts that they delete from stored frames, and queues the
 * records' events for webhooks.
 */
export async function frameAll(
  audience: Audience,
  records: readonly LogRecord[],
  viewers: number,
): Promise<Framed> {
  const { streamId, now, outlet } = audience;
  const appended = await appendRecords(audience, records, viewers);
  const likers = records.flatMap(({ liker }) => liker ?? []);
  if (likers.length > 0) await noteLikers(streamId, likers);
  const queued = outlet.events?.queueRecords(audience, records, appended) ?? Promise.resolve();
  // The caller awaits `queued`; this prevents an unhandled rejection while texts are removed.
  queued.catch(() => undefined);
  for (const text of deletedTexts(records, now))
    await removeText(streamId, text, appended.covering.get(text.recordId));
  return { ...appended, queued };
}

/**
 * Conflicting Puts before a call fails and is retried. Each conflict means that another call
 * appended a frame first.
 */
const triesMax = 50;

/**
 * Appends records to a stream's log, each exactly once. The log decides which records are new,
 * regardless of how they were batched or delivered before, and of concurrent calls (docs/frames.md,
 * steps 1 to 3). `viewers` is the count that the frames contain. Throws after 50 conflicts.
 *
 * Also stores the hype trains' state; stores it again for records that are already in the log,
 * because the call that appended them may have died.
 */
export async function appendRecords(
  audience: Audience,
  records: readonly LogRecord[],
  viewers: number,
): Promise<Appended> {
  const { streamId, now } = audience;
  const oldest = oldestOf(records);
  const { frameBytes: bytesMax } = limits();
  const newFrames: Frame[] = [];
  let hasTrains = false;
  try {
    let log = await loadLog(audience, oldest);
    // Computed once, while the memory is known to be complete for all records: each Put may evict
    // older frames.
    let fresh = newRecordsIn(log, records);
    const isAgain = fresh.length < records.length;
    for (let refused = 0; fresh.length > 0; ) {
      const dropped = await selectDropped(audience, fresh, viewers);
      const { frame, taken, tooLarge, ...made } = makeFrame(
        log,
        fresh,
        { streamId, viewers, dropped, bytesMax },
        now,
      );
      if (await putFrame(streamId, frame)) {
        addFrame(log, frame, now);
        newFrames.push(frame);
        hasTrains ||= made.hasTrains;
        countMetric("FramesPut");
        const framed = fresh.slice(0, taken);
        countMetric("MessagesSkipped", framed.filter(({ id }) => dropped.has(id)).length);
        fresh = fresh.slice(taken);
        for (const { id } of tooLarge)
          logFault("An event is too large for a frame", new Error(id), { streamId });
      } else if (++refused > triesMax) throw new Error(`The log of ${streamId} is too busy`);
      else {
        log = await readLog(audience, oldest);
        fresh = newRecordsIn(log, records);
      }
    }
    if (hasTrains || isAgain) await storeTrains(streamId, log.moments ?? []);
    return { head: log.head, newFrames, covering: log.covered };
  } catch (error) {
    // The memory may differ from the log now, so the next call reads the log.
    evictLog(audience);
    throw error;
  }
}

/** The records that are in no frame of the log, without duplicates, in their order. */
export function newRecordsIn(cache: LogCache, records: readonly LogRecord[]): LogRecord[] {
  const seen = new Set<string>();
  return records.filter(({ id }) => {
    if (cache.covered.has(id) || seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

/** The creation time of the oldest record, in seconds since 1970; infinity if there are none. */
const oldestOf = (records: readonly LogRecord[]): number =>
  records.reduce((least, { createdAt }) => Math.min(least, createdAt), Number.POSITIVE_INFINITY);

/** The post rate counts as reached until this long after a post last had to wait. */
const limitedMilliseconds = 2_000;

/** Longest time to post a batch of several frames without thinning out chat. */
const postingSecondsMax = 0.5;

/**
 * Selects the records to drop: none, unless the post rate is reached and the records need more than
 * one frame. Then chat is thinned out, so that the room gets fewer frames but no delay. Viewers
 * served by relays need no posts, so they are not counted.
 */
async function selectDropped(
  { streamId, now, memory, outlet }: Audience,
  fresh: readonly LogRecord[],
  viewers: number,
): Promise<ReadonlySet<string>> {
  const bytes = fresh.reduce((sum, record) => sum + bytesOf(record), 0);
  const frames = Math.ceil(bytes / limits().frameBytes);
  if (frames <= 1) return new Set();
  const isLimited = now.getTime() - outlet.governor.limitedAt() < limitedMilliseconds;
  const { posted = viewers } = memory.viewers.get(streamId) ?? {};
  const postingSeconds = (frames * posted) / setting("POST_RATE");
  if (!isLimited && postingSeconds <= postingSecondsMax) return new Set();
  const stream = await findStream(streamId);
  const kept = new Set(stream === undefined ? [] : [stream.hostId, ...stream.moderators]);
  return chooseDropped(fresh, limits().frameBytes - headerBytesMax, kept);
}

/** Upper bound on a frame's size without its events. */
const headerBytesMax = 300;

/** The deleted texts that a stored frame may still contain. */
function deletedTexts(records: readonly LogRecord[], now: Date) {
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
