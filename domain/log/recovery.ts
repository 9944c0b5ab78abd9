import * as z from "zod";
import type { Moment } from "../audience/moment.ts";
import type { Totals } from "./event.ts";
import { type Frame, isAnswered, type LogEnd } from "./frame.ts";
import { type LogState, type Sums, stateOf } from "./sums.ts";

/*
 * Resuming: where a log ends, whether a viewer's position can be recovered, and what they are sent
 * first. The greeting, the resume queue, the HTTP twin and the reset of a log all ask here.
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
 * Where a log ends: with its newest stored frame, or with the mark when that frame has expired
 * (docs/frames.md F2: a quiet log must not number its frames from 1 again).
 */
export function endOf(
  { epoch, posted, resetAt, ...mark }: PostedMark,
  frame: (Pick<Frame, "n" | "newest" | "totals" | "madeAt"> & LogState) | undefined,
): LogEnd {
  // Of one frame both say the same, but after a reset the mark alone was counted again.
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
 * What becomes of a position: every frame after it is sent, beginning with `from`, or it is lost
 * and nothing is. A log of epoch `e1` that ends at frame 57 and still answers frames 41 to 57 says:
 *
 * | position | recovery   | because                                       |
 * | -------- | ---------- | --------------------------------------------- |
 * | e1:57    | from 58    | it is the head: nothing was missed            |
 * | e1:50    | from 51    | 51 is kept, hence all after it                |
 * | e1:40    | from 41    | 41 is the oldest frame that is kept           |
 * | e1:39    | lost       | 40 is not kept any more                       |
 * | e1:58    | lost       | it lies in the future                         |
 * | e0:50    | lost       | the log was reset: that was another numbering |
 */
export type Recovery = { from: number } | "lost";

/**
 * Recovers a position. `next` is the stored frame after it, if there is one; frames expire oldest
 * first, so when that one is kept, all after it are.
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
  const isKept = next?.n === from && next.epoch === epoch && isAnswered(next, now);
  return isKept ? { from } : "lost";
}

/**
 * The first frame that a viewer has missed, whether it is still kept or not; undefined when they
 * have missed none, or their position is not one of this log.
 */
export function firstMissed(
  since: Position | undefined,
  { epoch, head }: Pick<LogEnd, "epoch" | "head">,
): number | undefined {
  return since?.epoch === epoch && since.frame < head ? since.frame + 1 : undefined;
}

/** What a viewer is shown who is sent no frames from before: the sums, and the open moments. */
export type ShownSums = { sums: Sums; moments: Moment[] };

/**
 * The first message of a subscription: live frames begin after its head. `shown` is there where
 * nothing is replayed.
 */
export function subscribedMessage(
  streamId: string,
  { epoch, head }: Pick<LogEnd, "epoch" | "head">,
  answer: {
    recovery: Recovery | undefined;
    viewers: number;
    requestId: string | undefined;
    shown?: ShownSums | undefined;
  },
) {
  const { recovery, viewers, requestId, shown } = answer;
  const recovered = recovery && recovery !== "lost";
  const subscribed = { type: "subscribed", streamId, epoch, head, recovered, viewers } as const;
  return { ...subscribed, ...shown, requestId };
}

/** Names one life of a stream's log; resetting the log (after a restore) begins another. */
export const Epoch = z
  .string({ error: "expected an epoch" })
  .regex(/^[A-Za-z0-9_-]{1,32}$/, "expected 1 to 32 of A-Z a-z 0-9 _ -")
  .meta({ description: "The epoch of a stream's log", example: "mf3k2a9x" });

export const FrameNumber = z
  .number({ error: "expected a whole number from 0" })
  .int("expected a whole number from 0")
  .min(0, "expected a whole number from 0")
  .max(Number.MAX_SAFE_INTEGER);

/** Where a viewer is in a log: the last frame that they have; frame 0 is the beginning. */
export const Position = z
  .object({ epoch: Epoch, frame: FrameNumber }, { error: "expected {epoch, frame}" })
  .meta({ id: "Position" });
export type Position = z.infer<typeof Position>;

/** A position as a URL has it: `<epoch>:<frame>`. Undefined where the text is not one. */
export function parsePosition(text: string): Position | undefined {
  const match = /^([A-Za-z0-9_-]{1,32}):(\d{1,15})$/.exec(text);
  return match === null ? undefined : { epoch: match[1]!, frame: Number(match[2]) };
}
