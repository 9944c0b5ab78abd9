import * as z from "zod";
import { listFrames } from "../store/log/frames.ts";
import { rangesMax } from "../store/log/subscribers.ts";
import { dropGone } from "./dead-connections.ts";
import { largeGovernor, limitedAt } from "./governor.ts";
import type { Memory } from "./memory.ts";
import { postPart } from "./slice.ts";

/** Frames of a log, to be posted to one part of the room's subscribers. */
export const PartJob = z.object({
  streamId: z.string(),
  from: z.number().int().min(1),
  to: z.number().int().min(1),
  /** How many subscribers the whole room may have. */
  about: z.number().int().min(0),
  at: z.number().int().min(0),
  of: z.number().int().min(1).max(rangesMax),
});
export type PartJob = z.infer<typeof PartJob>;

/** What became of it. */
export const PartPosted = z.object({
  /** The distinct users: one may have sockets in several parts, so that counts would not do. */
  viewers: z.array(z.string()),
  /** When a post last had to wait for the stage's rate, in milliseconds since 1970. */
  limitedAt: z.number(),
});
export type PartPosted = z.infer<typeof PartPosted>;

/** Posts one part in an environment of its own. Throws when a frame is not there. */
export async function postPartJob(job: PartJob, memory: Memory, now: Date): Promise<PartPosted> {
  const { streamId, from, to } = job;
  const room = { streamId, now, memory };
  const frames = await listFrames(streamId, from, to);
  if (frames.length !== to - from + 1)
    throw new Error(`Of ${streamId} the frames ${from} to ${to} are not all there`);
  const viewers = await postPart(room, frames, job, largeGovernor());
  await dropGone(room);
  return { viewers: [...viewers], limitedAt: Math.max(0, limitedAt()) };
}
