import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { Timestamp } from "../../domain/text.ts";

/**
 * A user who was deleted, while what lies elsewhere is being erased: `at` is when, and what is of a
 * later time belongs to a new user. `step` and `after` are how far it has got.
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
 * One page of a step, from where the one before ended; answers where the next begins, undefined at
 * the end. A page that comes again finds less to do, and does no harm.
 */
export type Step = (erasure: Erasure) => Promise<string | undefined>;
