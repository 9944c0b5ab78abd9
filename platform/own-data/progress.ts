import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { Timestamp } from "../../domain/text.ts";

/**
 * A deleted user whose remaining data is being erased: `at` is the time of the deletion; data of a
 * later time belongs to a new user. `step` and `after` are the progress.
 */
export const Erasure = z.object({
  userId: UserId,
  at: Timestamp,
  /** The newest ledger entry of the user. */
  seq: z.number().int(),
  step: z.number().int().min(0),
  after: z.string().optional(),
  /** The second walk, which erases what calls in progress wrote after the first. */
  again: z.literal(true).optional(),
});
export type Erasure = z.infer<typeof Erasure>;

/**
 * A call that began before the deletion has ended this long after it, unless it decodes a picture
 * (up to 25 s): such calls read the profiles again after that.
 */
export const lateMilliseconds = 10_000;

/** A minute before the deletion: calls in progress at the deletion write nothing older. */
export const lateFrom = ({ at }: Pick<Erasure, "at">) =>
  new Date(Date.parse(at) - 6 * lateMilliseconds).toISOString();

/**
 * One page of a step, from the end of the previous one; returns where the next begins, undefined at
 * the end. A repeated page finds less to do and is harmless.
 */
export type Step = (erasure: Erasure) => Promise<string | undefined>;
