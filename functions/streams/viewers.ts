import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { ViewerQuery, Viewers } from "../../domain/streams/viewer.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listViewers } from "../../platform/store/log/viewers.ts";
import { getVisibleStream } from "../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/viewers",
    summary: "List the current viewers of a live stream, latest first",
    tag: "Live Streams",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    query: ViewerQuery,
    answer: [200, Viewers],
    cost: { read: 550, kilobytes: 190 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "USER", "SUB"] },
  },
  async ({ path: { streamId }, query, caller, now }) => {
    const stream = await getVisibleStream(streamId, caller, now);
    return listViewers(stream, query, caller.userId, now);
  },
);
