import { recordIdOfMessage } from "../../domain/log/change.ts";
import type { LogRecord } from "../../domain/log/event.ts";
import { type Frame, frameKeptSeconds, makeFrame } from "../../domain/log/frame.ts";
import { bytesOf, chooseDropped } from "../../domain/log/thinning.ts";
import { setting } from "../runtime/env.ts";
import { limits } from "../runtime/limits.ts";
import { logFault } from "../runtime/log.ts";
import { countMetric } from "../runtime/metrics.ts";
import { noteLikers } from "../store/audience/likers.ts";
import { storeTrains } from "../store/audience/trains.ts";
import { listBacklog, removeBacklog } from "../store/log/backlog.ts";
import { putFrame, takeText } from "../store/log/frames.ts";
import { findStream } from "../store/streams/streams.ts";
import type { Audience } from "./audience.ts";
import { feedRecords } from "./feed-records.ts";
import { addFrame, forgetLog, freshIn, knownLog, readLog } from "./log-cache.ts";

/** What a call has put into a log, and where the log ends. */
export type Appended = {
  head: number;
  newFrames: Frame[];
  /** The numbers of the frames that cover the records, by their ids. */
  covering: ReadonlyMap<string, number>;
};

/**
 * When the records have been handed to those outside: to be awaited before the records are done
 * with, in parallel to the viewers' posts.
 */
type Framed = Appended & { fed: Promise<void> };

const noBacklog = { ids: [], records: [], more: false };

/**
 * Brings a batch into the log and deleted texts out of it. What has gathered comes along where the
 * stream has sums, and where a text is deleted: the message may still lie in the backlog of the
 * time when the room was large, so all of that comes first.
 */
export async function frameRecords(
  audience: Audience,
  records: readonly LogRecord[],
  viewers: number,
): Promise<Framed> {
  const { streamId } = audience;
  const deletes = records.some((record) => record.deletes !== undefined);
  const gathers = deletes || (await knownLog(audience, oldestOf(records))).sums !== undefined;
  for (;;) {
    const backlog = gathers ? await listBacklog(streamId, limits().backlogRecords) : noBacklog;
    const isLast = !deletes || !backlog.more;
    const batch = isLast ? [...backlog.records, ...records] : backlog.records;
    // Frames of earlier rounds are read again before they are posted: what is deleted now may be in
    // them. Those of the last round are without it.
    const framed = await frameAll(audience, batch, viewers);
    const fed = framed.fed.then(() => removeBacklog(streamId, backlog.ids));
    // Its caller sees the failure, even if that comes while the frames are posted.
    fed.catch(() => undefined);
    if (isLast) return { ...framed, fed };
    await fed;
  }
}

/** Brings records into the log, and the texts that they delete out of its kept frames. */
export async function frameAll(
  audience: Audience,
  records: readonly LogRecord[],
  viewers: number,
): Promise<Framed> {
  const { streamId, now, outlet } = audience;
  const appended = await appendRecords(audience, records, viewers);
  await noteLikers(
    streamId,
    records.flatMap(({ liker }) => liker ?? []),
  );
  const fed = feedRecords(outlet.feed, { streamId, now }, records, appended);
  // Its caller sees the failure, even if that comes while the texts are taken out.
  fed.catch(() => undefined);
  for (const text of deletedTexts(records, now))
    await takeText(streamId, text, appended.covering.get(text.recordId));
  return { ...appended, fed };
}

/**
 * Refused Puts before a call gives up and comes again: each means that another call was faster.
 */
const triesMax = 50;

/**
 * Brings records into a stream's log, each exactly once: the log decides, whatever was delivered
 * before, in whatever company, and whichever other call does the same (docs/frames.md, steps 1 to
 * 3). `viewers` is what the frames say of the room. What the log says of trains is stored besides,
 * again where records come again: the call that put their frame may have died.
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
    let log = await knownLog(audience, oldest);
    // Asked once, while memory is known to reach back to all of them: each Put may make it forget.
    let fresh = freshIn(log, records);
    const isAgain = fresh.length < records.length;
    for (let refused = 0; fresh.length > 0; ) {
      const omitted = await leaveOut(audience, fresh, viewers);
      const { frame, taken, tooLarge, ...made } = makeFrame(
        log,
        fresh,
        { streamId, viewers, left: omitted, bytesMax },
        now,
      );
      if (await putFrame(streamId, frame)) {
        addFrame(log, frame, now);
        newFrames.push(frame);
        hasTrains ||= made.hasTrains;
        countMetric("FramesPut");
        const framed = fresh.slice(0, taken);
        countMetric("MessagesSkipped", framed.filter(({ id }) => omitted.has(id)).length);
        fresh = fresh.slice(taken);
        for (const { id } of tooLarge)
          logFault("An event is too large for a frame", new Error(id), { streamId });
      } else if (++refused > triesMax) throw new Error(`The log of ${streamId} is too busy`);
      else {
        log = await readLog(audience, oldest);
        fresh = freshIn(log, records);
      }
    }
    if (hasTrains || isAgain) await storeTrains(streamId, log.moments ?? []);
    return { head: log.head, newFrames, covering: log.covered };
  } catch (error) {
    // What was not proven by a Put is not remembered: the next call reads the log.
    forgetLog(audience);
    throw error;
  }
}

/** The creation time of the oldest record, in seconds. */
const oldestOf = (records: readonly LogRecord[]): number =>
  records.reduce((least, { createdAt }) => Math.min(least, createdAt), Number.POSITIVE_INFINITY);

/** For so long after posts had to wait, the stage counts as being at its rate. */
const limitedMilliseconds = 2_000;

/** A batch of several frames may take so long to post when nobody else needs the rate. */
const postingSecondsMax = 0.5;

/**
 * What this batch leaves out: nothing, unless the posts are at the stage's rate and the records
 * need more than one frame. Then chat is thinned out, so that frames come less often but the room
 * keeps up. Those whom relays serve take no posts.
 */
async function leaveOut(
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

/** What a frame has around its events, at most. */
const headerBytesMax = 300;

/** The texts that records delete, as far as a frame that shows them may still be kept. */
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
