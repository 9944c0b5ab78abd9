import { recordIdOfMessage } from "../../domain/log/change.ts";
import type { LogRecord } from "../../domain/log/event.ts";
import { type Frame, frameKeptSeconds, makeFrame } from "../../domain/log/frame.ts";
import { bytesOf, chooseLeft } from "../../domain/log/thinning.ts";
import { setting } from "../env.ts";
import { limits } from "../limits.ts";
import { logFault } from "../log.ts";
import { findCovering, putFrame, takeText } from "../store/log/frames.ts";
import { findStream } from "../store/streams/streams.ts";
import { limitedAt } from "./governor.ts";
import { addFrame, freshIn, knows, type LogCache, readCache } from "./log-cache.ts";
import { type Room, remember } from "./memory.ts";
import { viewersOf } from "./viewer-count.ts";

/** Streams whose log one environment remembers. */
const streamsMax = 500;
/**
 * Refused Puts of one call before it gives up and comes again: each time somebody else put a frame.
 */
const triesMax = 50;

/**
 * Brings records into a stream's log, each exactly once: the log decides, whatever was delivered
 * before, in whatever company, and whoever else is at it (docs/frames.md, steps 1 to 3). Answers
 * the log's newest number and the frames that this call has put.
 */
export async function appendRecords(
  room: Room,
  records: readonly LogRecord[],
): Promise<{ head: number; made: Frame[] }> {
  const { streamId, now, memory } = room;
  const oldest = records.reduce((least, { createdAt }) => Math.min(least, createdAt), Infinity);
  const { frameBytes: bytesMax } = limits();
  const made: Frame[] = [];
  try {
    let log = memory.logs.get(streamId);
    if (!knows(log, oldest, now)) log = await readAgain(room, oldest);
    // Asked once, while memory is known to reach back to all of them: each Put may make it forget.
    let fresh = freshIn(log, records);
    for (let refused = 0; fresh.length > 0; ) {
      const viewers = await viewersOf(room);
      const left = await leaveOut(room, fresh, viewers);
      const { frame, taken, tooLarge } = makeFrame(
        log,
        fresh,
        { streamId, viewers, left, bytesMax },
        now,
      );
      if (await putFrame(streamId, frame)) {
        addFrame(log, frame, now);
        made.push(frame);
        fresh = fresh.slice(taken);
        for (const { id } of tooLarge)
          logFault("An event is too large for a frame", new Error(id), { streamId });
      } else if (++refused > triesMax) throw new Error(`The log of ${streamId} is too busy`);
      else {
        log = await readAgain(room, oldest);
        fresh = freshIn(log, records);
      }
    }
    return { head: log.head, made };
  } catch (error) {
    // What was not proven by a Put is not remembered: the next call reads the log.
    memory.logs.delete(streamId);
    throw error;
  }
}

/** For so long after posts were limited the stage counts as being at its rate. */
const limitedMilliseconds = 2_000;

/** A batch of several frames may take so long to post when nobody else needs the rate. */
const postingSecondsMax = 0.5;

/**
 * What this batch leaves out: nothing, unless the posts are at the stage's rate and the records
 * need more than one frame. Then chat is thinned out, so that frames come less often but the room
 * keeps up.
 */
async function leaveOut(
  { streamId, now }: Room,
  fresh: readonly LogRecord[],
  viewers: number,
): Promise<ReadonlySet<string>> {
  const bytes = fresh.reduce((sum, record) => sum + bytesOf(record), 0);
  const frames = Math.ceil(bytes / limits().frameBytes);
  if (frames <= 1) return new Set();
  const isLimited = now.getTime() - limitedAt() < limitedMilliseconds;
  const postingSeconds = (frames * viewers) / setting("POST_RATE");
  if (!isLimited && postingSeconds <= postingSecondsMax) return new Set();
  const stream = await findStream(streamId);
  const kept = new Set(stream === undefined ? [] : [stream.hostId, ...stream.moderators]);
  return chooseLeft(fresh, limits().frameBytes - headerBytesMax, kept);
}

/** What a frame has around its events, at most. */
const headerBytesMax = 300;

async function readAgain({ streamId, now, memory }: Room, oldest: number): Promise<LogCache> {
  const log = await readCache(streamId, oldest, now);
  remember(memory.logs, streamId, log, streamsMax);
  return log;
}

/** Takes the texts of deleted messages out of the frames that are kept. */
export async function takeTexts(
  { streamId, now, memory }: Room,
  records: readonly LogRecord[],
): Promise<void> {
  for (const { deletes } of records) {
    if (deletes === undefined) continue;
    const writtenAt = Date.parse(deletes.createdAt) / 1000;
    if (writtenAt < now.getTime() / 1000 - frameKeptSeconds) continue;
    const recordId = recordIdOfMessage(deletes.messageId);
    const n =
      memory.logs.get(streamId)?.covered.get(recordId) ??
      (await findCovering(streamId, recordId, writtenAt));
    if (n !== undefined) await takeText(streamId, deletes.messageId, n);
  }
}
