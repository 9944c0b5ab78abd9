import * as z from "zod";
import { GiftId, StreamId } from "../../../domain/id.ts";
import { ListedSuperlike, listedSuperlikeOf } from "../../../domain/money/gift-item.ts";
import { cursorQuery, PageInfo, pageUntil } from "../../../domain/page.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { listGifts } from "../../../platform/store/money/gifts.ts";
import { getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/superlikes",
    summary: "List a stream's superlikes, newest first",
    tag: "Live Stream Chat",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    query: cursorQuery(GiftId),
    answer: [200, z.object({ list: rowsOf(ListedSuperlike), pageInfo: PageInfo })],
    cost: { read: 160, kilobytes: 150 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM"] },
  },
  async ({ path: { streamId }, query, caller, now }) => {
    const [, { gifts: superlikes, next }] = await Promise.all([
      getVisibleStream(streamId, caller, now),
      listGifts(streamId, query, "superlike"),
    ]);
    const picture = setting("DEFAULT_PICTURE");
    const rows = superlikes.map((superlike) => listedSuperlikeOf(superlike, picture));
    return pageUntil(rows, query.limit, next);
  },
);
