import * as z from "zod";
import { Moment, openMax } from "../../domain/audience/moment.ts";
import { Epoch, FrameNumber } from "../../domain/log/recovery.ts";
import { Sums } from "../../domain/log/sums.ts";
import { rowsOf } from "../../domain/text.ts";
import { assertCurrent, type Caller } from "../auth/caller.ts";
import { assertSession } from "../auth/session.ts";
import { showState } from "../store/audience/log-state.ts";
import { queryFrames, readHead, recoverFrom } from "../store/log/frames.ts";
import { countUse } from "../table/rates.ts";

/** The maximum number of frames in a response, and the size in UTF-8 bytes after which it ends. */
const rangeFramesMax = 100;
const rangeBytesMax = 256 * 1024;

/** Frames per read: ten of the largest exceed a response slightly. */
const pageFrames = 10;

/** A range of a stream's log as an HTTP response; frames are the same as over WebSocket. */
export const FrameRange = z
  .object({
    epoch: Epoch,
    head: FrameNumber.meta({ description: "The newest frame of the stream" }),
    recovered: z.boolean().meta({
      description: "False if the position is too old, in the future or from another epoch",
    }),
    frames: z.array(z.record(z.string(), z.unknown())).max(rangeFramesMax).meta({
      description: "The frames after the position, in the format of `events` in /asyncapi.json",
    }),
    sums: Sums.optional().meta({
      description: "The likes and the sums of the open moments; only if no frames are replayed",
    }),
    moments: rowsOf(Moment, openMax + 1)
      .optional()
      .meta({ description: "The open moments; only together with `sums`" }),
  })
  .meta({ id: "FrameRange" });
export type FrameRange = z.infer<typeof FrameRange>;

/** The pause between checks for the next frame in a long poll. */
const lookMilliseconds = 400;

/**
 * A long poll uses up its rate limit in steps of this many seconds, after the first second, which
 * is free. So polls of streams with frequent frames cost nothing.
 */
const countedSeconds = 5;
const freeMilliseconds = 1_000;

/**
 * The position (default: the head), how long to wait for a frame if there is none, and the caller.
 */
type RangeQuery = {
  epoch?: string | undefined;
  after?: number | undefined;
  waitSeconds: number;
  caller: Pick<Caller, "userId" | "issuedAt" | "tokenId" | "expiresAt">;
};

/**
 * Reads the frames after a position, up to 100 and about 256 KB, and waits for the first one if
 * requested. Positions are recovered as over WebSocket: an expired, future or foreign position
 * yields no frames. The wait also ends, and nothing is returned, when the caller's token expires or
 * is revoked. Refuses callers with too many concurrent waits with `too_many_requests`.
 */
export async function readRange(
  streamId: string,
  { epoch, after, waitSeconds, caller }: RangeQuery,
  now: Date,
): Promise<FrameRange> {
  const end = await readHead(streamId);
  const since = { epoch: epoch ?? end.epoch, frame: after ?? end.head };
  const recovery = await recoverFrom(streamId, since, end, now);
  if (recovery === "lost")
    return {
      epoch: end.epoch,
      head: end.head,
      recovered: false,
      frames: [],
      ...(await showState(streamId, end)),
    };
  const { from } = recovery;
  const shown = from > end.head ? await showState(streamId, end) : {};
  // The wait ends before the token expires, so that the caller gets a response.
  const latest = caller.expiresAt * 1000 - lookMilliseconds;
  const until = Math.min(now.getTime() + waitSeconds * 1000, latest);
  let frames = await readAfter(streamId, from);
  let countAt = Date.now() + freeMilliseconds;
  for (let left = until - Date.now(); frames.length === 0 && left > 0; left = until - Date.now()) {
    if (Date.now() >= countAt) {
      await countUse("waits", caller.userId, new Date(), countedSeconds);
      countAt += countedSeconds * 1000;
    }
    await new Promise((done) => setTimeout(done, Math.min(lookMilliseconds, left)));
    await assertSession(caller, new Date());
    frames = await readAfter(streamId, from);
  }
  assertCurrent(caller, new Date());
  const last = frames.at(-1)?.frame as number | undefined;
  const head = Math.max(end.head, last ?? 0);
  return { epoch: end.epoch, head, recovered: true, frames, ...shown };
}

async function readAfter(streamId: string, from: number): Promise<Record<string, unknown>[]> {
  const frames: Record<string, unknown>[] = [];
  const range = { from, to: from + rangeFramesMax - 1, pageSize: pageFrames };
  let bytes = 0;
  for await (const { body } of queryFrames(streamId, range)) {
    frames.push(JSON.parse(body));
    bytes += Buffer.byteLength(body);
    if (bytes >= rangeBytesMax) break;
  }
  return frames;
}
