import * as z from "zod";

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
