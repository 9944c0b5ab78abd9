import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { LeaderboardQuery, Ranked, topFans } from "../../domain/leaderboard.ts";
import { assertNotBlocked } from "../../domain/member.ts";
import { profileOf } from "../../domain/user.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { findMember, getStream } from "../../platform/store/streams.ts";
import { listFans } from "../../platform/store/totals.ts";
import { findProfiles, summary } from "../../platform/store/users.ts";

/** Who has given most; refunded gifts do not count. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/leaderboard",
    says: "List a stream's top gifters",
    tag: "Gifts",
    caller: "user",
    shape: "envelope",
    path: z.object({ streamId: StreamId }),
    query: LeaderboardQuery,
    answer: [200, z.array(Ranked)],
    refusals: ["stream_not_found", "member_blocked"],
    grants: { read: ["STREAM", "USER"] },
  },
  async ({ path: { streamId }, query, caller, now }) => {
    const [, member, fans] = await Promise.all([
      getStream(streamId),
      findMember(streamId, caller.userId, { consistent: true }),
      listFans(streamId),
    ]);
    assertNotBlocked(member, now);
    const top = topFans(fans, query.limit);
    const profiles = await findProfiles(top.map(({ userId }) => userId));
    return top.map(({ userId, credits, count }, at) => {
      const user = summary(profiles.get(userId) ?? profileOf(userId, {}, now));
      return { rank: at + 1, user, credits, gifts: count };
    });
  },
);
