import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { GiftStatistics, giftStatisticsOf } from "../../../domain/money/gift-statistics.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listGiftTypes } from "../../../platform/store/money/gift-types.ts";
import { findTotals } from "../../../platform/store/money/totals.ts";
import { getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

/** Every gift counts once, as soon as it is settled; superlikes are not gifts. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/gift-statistics",
    summary: "Get the gift statistics of a stream",
    tag: "Gifts",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    answer: [200, GiftStatistics],
    cost: { read: 5, kilobytes: 1 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "GIFTTYPE"] },
  },
  async ({ path: { streamId }, caller, now }) => {
    const [, types, totals] = await Promise.all([
      getVisibleStream(streamId, caller, now),
      listGiftTypes(now),
      findTotals(streamId),
    ]);
    return giftStatisticsOf(streamId, types, totals);
  },
);
