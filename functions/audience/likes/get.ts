import * as z from "zod";
import { Likes } from "../../../domain/audience/likes.ts";
import { StreamId } from "../../../domain/id.ts";
import { wholeNumber } from "../../../domain/page.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { readLikes } from "../../../platform/store/audience/shown.ts";
import { getPublicStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/likes",
    summary: "Get a stream's like count and top likers",
    tag: "Likes and Moments",
    caller: "optional",
    path: z.object({ streamId: StreamId }),
    query: z.object({
      limit: wholeNumber(1, 100)
        .default(10)
        .meta({ description: "The maximum number of top likers to return" }),
    }),
    answer: [200, Likes],
    cost: { read: 10, kilobytes: 70 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "USER"] },
  },
  async ({ path: { streamId }, query: { limit }, caller, now }) => {
    const stream = await getPublicStream(streamId, caller, now);
    return readLikes(stream, limit, now);
  },
);
