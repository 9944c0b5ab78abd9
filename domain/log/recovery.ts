import * as z from "zod";
import type { Moment } from "../audience/moment.ts";
import type { Totals } from "./event.ts";
import { type Frame, isReadable, type LogEnd } from "./frame.ts";
import { type LogState, type Sums, stateOf } from "./sums.ts";

/*
 * Resuming: where a log ends, whether a viewer's position can be recovered, and which frame is sent
 * first. Used by new subscriptions, resume jobs, long polling and log resets.
 */

/** The permanent part of a log: its epoch and the newest frame that was posted. */
export type PostedMark = LogState & {
  epoch: string;
  posted: number;
  newest: number;
  totals: Totals;
  resetAt?: number | undefined;
};

/**
 * The end of a log: its newest stored frame, or the mark once that frame has expired
 * (docs/frames.md F2: a quiet log must not number its frames from 1 again).
 */
export function endOf(
  { epoch, posted, resetAt, ...mark }: PostedMark,
  frame: (Pick<Frame, "n" | "newest" | "totals" | "madeAt"> & LogState) | undefined,
): LogEnd {
  // At the same frame the mark decides: after a reset, only the mark has recounted sums.
  const isOlder = frame === undefined || frame.n <= posted;
  const { newest, totals } = isOlder ? mark : frame;
  const ends = { epoch, head: isOlder ? posted : frame.n, newest, totals };
  const madeAt = frame?.madeAt;
  return {
    ...ends,
    ...stateOf(isOlder ? mark : frame),
    ...(madeAt !== undefined && { madeAt }),
    ...(resetAt !== undefined && { resetAt }),
  };
}

/**
 * The recovery of a position: every frame after it is sent, beginning with `from`, or the position
 * is lost and nothing is sent. For a log of epoch `e1` that ends at frame 57 and still has frames
 * 41 to 57:
 *
 * | position | recovery   | because                                       |
 * | -------- | ---------- | --------------------------------------------- |
 * | e1:57    | from 58    | it is the head: nothing was missed            |
 * | e1:50    | from 51    | 51 is kept, so are all after it               |
 * | e1:40    | from 41    | 41 is the oldest frame that is kept           |
 * | e1:39    | lost       | 40 is no longer kept                          |
 * | e1:58    | lost       | it is in the future                           |
 * | e0:50    | lost       | the log was reset: its epoch is another one   |
 */
export type Recovery = { from: number } | "lost";

/**
 * Recovers a position. `next` is the stored frame after it, if any. Later frames expire later, and
 * none is deleted before it expires: so if `next` is readable, all later frames are stored.
 */
export function recover(
  since: Position,
  { epoch, head }: Pick<LogEnd, "epoch" | "head">,
  next: Pick<Frame, "n" | "epoch" | "expiresAt"> | undefined,
  now: Date,
): Recovery {
  if (since.epoch !== epoch || since.frame > head) return "lost";
  const from = since.frame + 1;
  if (from > head) return { from };
  const isKept = next?.n === from && next.epoch === epoch && isReadable(next, now);
  return isKept ? { from } : "lost";
}

/**
 * The first frame that a viewer missed, stored or not. Undefined if none was missed, or the
 * position is not in this log.
 */
export function firstMissed(
  since: Position | undefined,
  { epoch, head }: Pick<LogEnd, "epoch" | "head">,
): number | undefined {
  return since?.epoch === epoch && since.frame < head ? since.frame + 1 : undefined;
}

/** What viewers without replayed frames need: the sums and the open moments. */
export type ShownSums = { sums: Sums; moments: Moment[] };

/**
 * The first message of a subscription: live frames begin after its head. `shown` is present when
 * nothing is replayed.
 */
export function subscribedMessage(
  streamId: string,
  { epoch, head }: Pick<LogEnd, "epoch" | "head">,
  answer: {
    recovery: Recovery | undefined;
    viewers: number;
    requestId: string | number | undefined;
    shown?: ShownSums | undefined;
  },
) {
  const { recovery, viewers, requestId, shown } = answer;
  const recovered = recovery && recovery !== "lost";
  const subscribed = { type: "subscribed", streamId, epoch, head, recovered, viewers } as const;
  return { ...subscribed, ...shown, requestId };
}

/** Identifies one life of a stream's log; resetting the log (after a restore) starts a new one. */
export const Epoch = z
  .string({ error: "expected an epoch" })
  .regex(/^[A-Za-z0-9_-]{1,32}$/, "expected 1 to 32 of A-Z a-z 0-9 _ -")
  .meta({ description: "The epoch of a stream's log", example: "mf3k2a9x" });

export const FrameNumber = z
  .number({ error: "expected a whole number from 0" })
  .int("expected a whole number from 0")
  .min(0, "expected a whole number from 0")
  .max(Number.MAX_SAFE_INTEGER);

/** A viewer's position in a log: the last frame that they have; frame 0 is the beginning. */
export const Position = z
  .object({ epoch: Epoch, frame: FrameNumber }, { error: "expected {epoch, frame}" })
  .meta({ id: "Position" });
export type Position = z.infer<typeof Position>;

/** Parses a position from a URL: `<epoch>:<frame>`. Undefined if the text is not one. */
export function parsePosition(text: string): Position | undefined {
  const match = /^([A-Za-z0-9_-]{1,32}):(\d{1,15})$/.exec(text);
  return match === null ? undefined : { epoch: match[1]!, frame: Number(match[2]) };
}
