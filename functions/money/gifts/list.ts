import * as z from "zod";
import { GiftId, StreamId } from "../../../domain/id.ts";
import { ListedGift, listedGiftOf } from "../../../domain/money/gift-item.ts";
import { cursorQuery, PageInfo, pageUntil } from "../../../domain/page.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { listGifts } from "../../../platform/store/money/gifts.ts";
import { findTotals } from "../../../platform/store/money/totals.ts";
import { getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

/** Gifts as their events showed them, including refunded ones, with the stream's current totals. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/gifts",
    summary: "List a stream's gifts, newest first",
    tag: "Gifts",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    query: cursorQuery(GiftId),
    answer: [200, z.object({ list: rowsOf(ListedGift), pageInfo: PageInfo })],
    cost: { read: 60, kilobytes: 700 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM"] },
  },
  async ({ path: { streamId }, query, caller, now }) => {
    const [, { gifts, next }, { count, credits }] = await Promise.all([
      getVisibleStream(streamId, caller, now),
      listGifts(streamId, query),
      findTotals(streamId),
    ]);
    const picture = setting("DEFAULT_PICTURE");
    const rows = gifts.map((gift) => listedGiftOf(gift, { count, credits }, picture));
    return pageUntil(rows, query.limit, next);
  },
);
