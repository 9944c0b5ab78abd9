import * as z from "zod";
import { Moment } from "../audience/moment.ts";

/** One number, or several that belong together, such as the votes of a poll by option. */
const Sum = z.union([z.number().int(), z.array(z.number().int())]);
export type Sum = z.infer<typeof Sum>;

/** Numbers that a log adds up, by name: `likes`, or the id of a moment. */
export const Sums = z.record(z.string(), Sum);
export type Sums = z.infer<typeof Sums>;

/** The name of the sum of a stream's likes. */
export const likesSum = "likes";

/** What a log knows of a moment: enough to say which actions belong to it without a read. */
export const LogMoment = z.object({
  id: z.string(),
  kind: Moment.shape.kind,
  startedAt: z.string(),
  endsAt: z.string().nullable(),
  of: Moment.shape.of.optional(),
  target: z.number().int().nullish(),
  /** A goal that was reached once stays reached. */
  isReached: z.boolean().optional(),
  /** What `moment.changed` will show of a goal that is not reached yet. */
  shown: Moment.optional(),
  /**
   * Set once the moment is over: when its record was made, in seconds since 1970. What still comes
   * for it is in its result already.
   */
  over: z.number().optional(),
});
export type LogMoment = z.infer<typeof LogMoment>;

/**
 * What a log has added up: named sums, and the moments that it knows. Absent where there are none.
 */
export type LogState = { sums?: Sums | undefined; moments?: LogMoment[] | undefined };

/** The likes that a log has added up. */
export const likesIn = ({ sums = {} }: LogState): number => {
  const likes = sums[likesSum];
  return typeof likes === "number" ? likes : 0;
};

/** The moments that a log knows to be open. */
export const openIn = ({ moments = [] }: LogState): LogMoment[] =>
  moments.filter(({ over }) => over === undefined);
