import * as z from "zod";
import { MomentQuery, Moments } from "../../../domain/audience/moment-list.ts";
import { StreamId } from "../../../domain/id.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { readState, showMoments, shownSums } from "../../../platform/store/audience/log-state.ts";
import { listMoments } from "../../../platform/store/audience/moments.ts";
import { getPublicStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/moments",
    summary: "List the polls, goals and hype trains of a live stream, newest first",
    tag: "Likes and Moments",
    caller: "optional",
    path: z.object({ streamId: StreamId }),
    query: MomentQuery,
    answer: [200, Moments],
    cost: { read: 235, kilobytes: 155 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM"] },
  },
  async ({ path: { streamId }, query, caller, now }) => {
    await getPublicStream(streamId, caller, now);
    const [{ list, nextCursor }, state] = await Promise.all([
      listMoments(streamId, query, now),
      readState(streamId),
    ]);
    const pageInfo = { nextCursor, hasNextPage: nextCursor !== null, limit: query.limit };
    return { list: showMoments(list, state), sums: shownSums(list, state), pageInfo };
  },
);
