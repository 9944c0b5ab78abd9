import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { findFollowCounts } from "../../../platform/store/people/follows.ts";
import { getProfile } from "../../../platform/store/people/users.ts";
import { listHosted } from "../../../platform/store/streams/stream-lists.ts";

const count = z.number().int();

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/{userId}/stats",
    summary: "Count a user's followers, followed users and (at most 1,000) live streams",
    tag: "Users",
    caller: "user",
    path: z.object({ userId: UserId }),
    answer: [200, z.object({ followers: count, following: count, totalLiveStreams: count })],
    cost: { read: 15, kilobytes: 1 },
    refusals: ["user_not_found"],
    grants: { read: ["USER"] },
  },
  async ({ path: { userId }, caller }) => {
    const [, { followersCount, followingCount }, hosted] = await Promise.all([
      getProfile(userId),
      findFollowCounts(userId),
      listHosted(userId),
    ]);
    const isOwn = caller.userId === userId;
    const totalLiveStreams = hosted.filter(
      ({ startedAt, isHidden }) => startedAt !== null && (isOwn || !isHidden),
    ).length;
    return { followers: followersCount, following: followingCount, totalLiveStreams };
  },
);
