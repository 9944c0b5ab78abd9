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
});
export type Erasure = z.infer<typeof Erasure>;

/**
 * One page of a step, from the end of the previous one; returns where the next begins, undefined at
 * the end. A repeated page finds less to do and is harmless.
 */
export type Step = (erasure: Erasure) => Promise<string | undefined>;
