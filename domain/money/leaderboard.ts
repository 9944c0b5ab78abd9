import * as z from "zod";
import { wholeNumber } from "../page.ts";
import { StreamUser } from "../people/user.ts";

/** One of the top gifters of a stream. `gifts` counts things, as the statistics do. */
export const Ranked = z
  .object({
    rank: z.number().int().min(1),
    user: StreamUser,
    credits: z.number().int().min(0),
    gifts: z.number().int().min(0),
  })
  .meta({ id: "Ranked" });

export const LeaderboardQuery = z.object({ limit: wholeNumber(1, 100).default(10) });

/** One sender's gifts to a stream that were not refunded. */
type Fan = { userId: string; credits: number; count: number };

/**
 * The first `limit`, by credits, then by things, then by id so that the order is always the same.
 */
export function topFans<F extends Fan>(fans: readonly F[], limit: number): F[] {
  const order = (a: F, b: F) =>
    b.credits - a.credits || b.count - a.count || (a.userId < b.userId ? -1 : 1);
  return [...fans].sort(order).slice(0, limit);
}
