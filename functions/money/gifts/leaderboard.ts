import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { LeaderboardQuery, Ranked } from "../../../domain/money/gift-statistics.ts";
import { profileOf } from "../../../domain/people/user.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { readLeaders } from "../../../platform/store/money/leaderboards.ts";
import { userSummary } from "../../../platform/store/people/users.ts";
import { findShown } from "../../../platform/store/streams/display-names.ts";
import { getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/leaderboard",
    summary: "List a stream's top gifters, without refunded gifts",
    tag: "Gifts",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    query: LeaderboardQuery,
    answer: [200, rowsOf(Ranked)],
    cost: { read: 310, write: 12, kilobytes: 50 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "USER", "LEADERS"], write: ["LEADERS"] },
  },
  async ({ path: { streamId }, query, caller, now }) => {
    const stream = await getVisibleStream(streamId, caller, now);
    const leaders = await readLeaders(streamId, now);
    const top = leaders.top.slice(0, query.limit);
    const ids = top.map(({ userId }) => userId);
    const shown = await findShown(stream, ids, now);
    return top.map(({ userId, credits, count: gifts }, at) => {
      const user = shown.get(userId) ?? profileOf(userId, {}, now);
      return { rank: at + 1, user: userSummary(user), credits, gifts };
    });
  },
);
