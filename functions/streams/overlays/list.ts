import * as z from "zod";
import { OverlayKeyId, StreamId } from "../../../domain/id.ts";
import { cursorPage, cursorQuery } from "../../../domain/page.ts";
import { listedOverlayKeyOf, OverlayKeys } from "../../../domain/streams/overlay-key.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listOverlayKeys } from "../../../platform/store/streams/overlay-keys.ts";
import { getHostedStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/overlay-keys",
    summary: "List the overlay keys of a stream, newest first; the key values are not shown",
    tag: "Overlays",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    query: cursorQuery(OverlayKeyId),
    answer: [200, OverlayKeys],
    cost: { read: 6, kilobytes: 1 },
    refusals: ["stream_not_found", "member_blocked", "pass_required", "stream_not_yours"],
    grants: { read: ["STREAM", "OVERLAY"] },
  },
  async ({ path: { streamId }, query: { after, limit }, caller, now }) => {
    await getHostedStream(streamId, caller, now);
    const keys = await listOverlayKeys({ streamId }, limit + 1, after);
    const { list, pageInfo } = cursorPage(keys, limit, ({ id }) => id);
    return { list: list.map(listedOverlayKeyOf), pageInfo };
  },
);
