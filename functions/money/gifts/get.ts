import * as z from "zod";
import { GiftId } from "../../../domain/id.ts";
import { ListedGift, listedGiftOf } from "../../../domain/money/gift-item.ts";
import { refuse } from "../../../domain/refusal.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { getGift } from "../../../platform/store/money/refunds.ts";
import { findTotals } from "../../../platform/store/money/totals.ts";
import { getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

/** A gift as its stream's list shows it; superlikes have their own list. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/gifts/{id}",
    summary: "Get a gift",
    tag: "Gifts",
    caller: "user",
    path: z.object({ id: GiftId }),
    answer: [200, ListedGift],
    cost: { read: 15, kilobytes: 10 },
    refusals: ["gift_not_found", "stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["GIFT", "STREAM"] },
  },
  async ({ path: { id }, caller, now }) => {
    const { gift } = await getGift(id);
    const [, totals] = await Promise.all([
      getVisibleStream(gift.streamId, caller, now),
      findTotals(gift.streamId),
    ]);
    if (gift.kind !== "gift") refuse("gift_not_found", { giftId: id });
    return listedGiftOf(gift, totals, setting("DEFAULT_PICTURE"));
  },
);
