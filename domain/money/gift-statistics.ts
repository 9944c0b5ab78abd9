import * as z from "zod";
import { StreamId } from "../id.ts";
import { GiftType, inPriceOrder } from "./gift-type.ts";

const CountedType = GiftType.pick({ id: true, creditAmount: true, svgUrl: true, isActive: true });

/** How many things a stream was given: Count × receivers. Only active types are named. */
export const GiftStatistics = z
  .object({
    liveStreamId: StreamId,
    totalCount: z.number().int(),
    giftTypeCounts: z.array(z.object({ giftType: CountedType, count: z.number().int() })),
  })
  .meta({ id: "GiftStatistics" });

/** The statistics from the folded totals; a type that nobody sent is not named. */
export function giftStatisticsOf(
  liveStreamId: string,
  types: readonly GiftType[],
  totals: { count: number; counts: ReadonlyMap<string, number> },
): z.infer<typeof GiftStatistics> {
  const counted = inPriceOrder(types).flatMap(({ id, creditAmount, svgUrl, isActive }) => {
    const count = totals.counts.get(id) ?? 0;
    return count > 0 ? [{ giftType: { id, creditAmount, svgUrl, isActive }, count }] : [];
  });
  return { liveStreamId, totalCount: totals.count, giftTypeCounts: counted };
}
