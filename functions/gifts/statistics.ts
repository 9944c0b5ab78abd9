import * as z from "zod";
import { GiftType, inPriceOrder } from "../../domain/gift-type.ts";
import { StreamId } from "../../domain/id.ts";
import { assertNotBlocked } from "../../domain/member.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listGiftTypes } from "../../platform/store/gift-types.ts";
import { findMember, getStream } from "../../platform/store/streams.ts";
import { findTotals } from "../../platform/store/totals.ts";

const CountedType = GiftType.pick({ id: true, creditAmount: true, svgUrl: true, isActive: true });
const Row = z.object({ giftType: CountedType, count: z.number().int() });

/** Counts are of things: Count × receivers. `giftTypeCounts` names active types only. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/gift-statistics",
    says: "Read how many gifts a stream has received",
    tag: "Gifts",
    caller: "user",
    shape: "envelope",
    path: z.object({ streamId: StreamId }),
    answer: [
      200,
      z.object({ liveStreamId: StreamId, totalCount: z.int(), giftTypeCounts: z.array(Row) }),
    ],
    refusals: ["stream_not_found", "member_blocked"],
    grants: { read: ["STREAM", "CATALOGUE"] },
  },
  async ({ path: { streamId }, caller, now }) => {
    const [stream, member, types, totals] = await Promise.all([
      getStream(streamId),
      findMember(streamId, caller.userId, { consistent: true }),
      listGiftTypes(),
      findTotals(streamId),
    ]);
    assertNotBlocked(member, now);
    const counted = inPriceOrder(types).filter(({ id }) => (totals.counts.get(id) ?? 0) > 0);
    const giftTypeCounts = counted.map(({ id, creditAmount, svgUrl, isActive }) => ({
      giftType: { id, creditAmount, svgUrl, isActive },
      count: totals.counts.get(id) ?? 0,
    }));
    return { liveStreamId: stream.id, totalCount: totals.count, giftTypeCounts };
  },
);
