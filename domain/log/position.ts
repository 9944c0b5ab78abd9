import * as z from "zod";

/** Names one life of a stream's log; a log that is reset (restored from a backup) has another. */
export const Epoch = z
  .string({ error: "expected an epoch" })
  .regex(/^[A-Za-z0-9_-]{1,32}$/, "expected 1 to 32 of A-Z a-z 0-9 _ -")
  .meta({ description: "The epoch of a stream's log", example: "mf3k2a9x" });

export const FrameNumber = z
  .number({ error: "expected a whole number from 0" })
  .int("expected a whole number from 0")
  .min(0, "expected a whole number from 0")
  .max(Number.MAX_SAFE_INTEGER);

/** Where a viewer is in a log: the last frame that they have shown; frame 0 is the beginning. */
export const Position = z
  .object({ epoch: Epoch, frame: FrameNumber }, { error: "expected {epoch, frame}" })
  .meta({ id: "Position" });
export type Position = z.infer<typeof Position>;

/** A position as it stands in a URL: `<epoch>:<frame>`. Undefined when it is none. */
export function parsePosition(text: string): Position | undefined {
  const match = /^([A-Za-z0-9_-]{1,32}):(\d{1,15})$/.exec(text);
  return match === null ? undefined : { epoch: match[1]!, frame: Number(match[2]) };
}

/** What a log can answer from: its epoch, its newest frame, and whether a frame is still kept. */
type LogState = { epoch: string; head: number; keeps: (frame: number) => boolean };

/**
 * Whether everything after a position can be given: never a part. The position must be of this
 * epoch and not in the future, and either be the head or have its next frame still kept (frames go
 * oldest first, so those after it are kept too).
 */
export function canRecover(position: Position, log: LogState): boolean {
  if (position.epoch !== log.epoch || position.frame > log.head) return false;
  return position.frame === log.head || log.keeps(position.frame + 1);
}
