import * as z from "zod";
import { StreamId } from "../id.ts";
import { rowsLimit } from "../page.ts";
import { StreamUser } from "../people/user.ts";
import { GiftType, inPriceOrder } from "./gift-type.ts";

const CountedType = GiftType.pick({ id: true, creditAmount: true, svgUrl: true, isActive: true });

/** The quantity of gifts to a stream: Count × receivers. Only active types are listed. */
export const GiftStatistics = z
  .object({
    liveStreamId: StreamId,
    totalCount: z.number().int(),
    giftTypeCounts: z.array(z.object({ giftType: CountedType, count: z.number().int() })),
  })
  .meta({ id: "GiftStatistics" });

/** The statistics from the folded totals, without types that were not sent. */
export function giftStatisticsOf(
  liveStreamId: string,
  types: readonly GiftType[],
  totals: { count: number; counts: ReadonlyMap<string, number> },
): z.infer<typeof GiftStatistics> {
  const giftTypeCounts = inPriceOrder(types, "active").flatMap(
    ({ id, creditAmount, svgUrl, isActive }) => {
      const count = totals.counts.get(id) ?? 0;
      return count > 0 ? [{ giftType: { id, creditAmount, svgUrl, isActive }, count }] : [];
    },
  );
  return { liveStreamId, totalCount: totals.count, giftTypeCounts };
}

/** One of a stream's top gifters. `gifts` is a quantity, as in the statistics. */
export const Ranked = z
  .object({
    rank: z.number().int().min(1),
    user: StreamUser,
    credits: z.number().int().min(0),
    gifts: z.number().int().min(0),
  })
  .meta({ id: "Ranked" });

export const LeaderboardQuery = z.object({ limit: rowsLimit(100, 10) });

/** One sender's gifts to a stream, without refunded ones. */
type Fan = { userId: string; credits: number; count: number };

/**
 * The first `limit`, by credits, then by quantity, then by id, so that the order is stable.
 */
export function topFans<F extends Fan>(fans: readonly F[], limit: number): F[] {
  const order = (a: F, b: F) =>
    b.credits - a.credits || b.count - a.count || (a.userId < b.userId ? -1 : 1);
  return [...fans].sort(order).slice(0, limit);
}
