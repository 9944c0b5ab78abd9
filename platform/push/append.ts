import type { LogRecord } from "../../domain/log/event.ts";
import { type Frame, makeFrame } from "../../domain/log/frame.ts";
import { bytesOf, chooseDropped } from "../../domain/log/thinning.ts";
import { setting } from "../runtime/env.ts";
import { limits } from "../runtime/limits.ts";
import { logFault } from "../runtime/log.ts";
import { countMetric } from "../runtime/metrics.ts";
import { putFrame } from "../store/log/frames.ts";
import { findStream } from "../store/streams/streams.ts";
import type { Audience } from "./audience.ts";
import { addFrame, forgetLog, freshIn, knownLog, readLog } from "./log-cache.ts";

/**
 * Refused Puts before a call gives up and comes again: each means that another call was faster.
 */
const triesMax = 50;

/**
 * Brings records into a stream's log, each exactly once: the log decides, whatever was delivered
 * before, in whatever company, and whichever other call does the same (docs/frames.md, steps 1 to
 * 3). `viewers` is what the frames say of the room. Answers the log's newest number and the frames
 * that this call has put.
 */
export async function appendRecords(
  audience: Audience,
  records: readonly LogRecord[],
  viewers: number,
): Promise<{ head: number; newFrames: Frame[] }> {
  const { streamId, now } = audience;
  const oldest = oldestOf(records);
  const { frameBytes: bytesMax } = limits();
  const newFrames: Frame[] = [];
  try {
    let log = await knownLog(audience, oldest);
    // Asked once, while memory is known to reach back to all of them: each Put may make it forget.
    let fresh = freshIn(log, records);
    for (let refused = 0; fresh.length > 0; ) {
      const omitted = await leaveOut(audience, fresh, viewers);
      const { frame, taken, tooLarge } = makeFrame(
        log,
        fresh,
        { streamId, viewers, left: omitted, bytesMax },
        now,
      );
      if (await putFrame(streamId, frame)) {
        addFrame(log, frame, now);
        newFrames.push(frame);
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
    return { head: log.head, newFrames };
  } catch (error) {
    // What was not proven by a Put is not remembered: the next call reads the log.
    forgetLog(audience);
    throw error;
  }
}

/** The creation time of the oldest record, in seconds. */
export const oldestOf = (records: readonly LogRecord[]): number =>
  records.reduce((least, { createdAt }) => Math.min(least, createdAt), Number.POSITIVE_INFINITY);

/** For so long after posts had to wait, the stage counts as being at its rate. */
const limitedMilliseconds = 2_000;

/** A batch of several frames may take so long to post when nobody else needs the rate. */
const postingSecondsMax = 0.5;

/**
 * What this batch leaves out: nothing, unless the posts are at the stage's rate and the records
 * need more than one frame. Then chat is thinned out, so that frames come less often but the room
 * keeps up.
 */
async function leaveOut(
  { streamId, now, outlet }: Audience,
  fresh: readonly LogRecord[],
  viewers: number,
): Promise<ReadonlySet<string>> {
  const bytes = fresh.reduce((sum, record) => sum + bytesOf(record), 0);
  const frames = Math.ceil(bytes / limits().frameBytes);
  if (frames <= 1) return new Set();
  const isLimited = now.getTime() - outlet.governor.limitedAt() < limitedMilliseconds;
  const postingSeconds = (frames * viewers) / setting("POST_RATE");
  if (!isLimited && postingSeconds <= postingSecondsMax) return new Set();
  const stream = await findStream(streamId);
  const kept = new Set(stream === undefined ? [] : [stream.hostId, ...stream.moderators]);
  return chooseDropped(fresh, limits().frameBytes - headerBytesMax, kept);
}

/** What a frame has around its events, at most. */
const headerBytesMax = 300;
