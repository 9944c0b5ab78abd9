import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { PublicProfile, publicProfileOf } from "../../../domain/people/user.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { findFollowCounts } from "../../../platform/store/people/follows.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/{userId}",
    summary: "Get a user's public profile",
    tag: "Users",
    caller: "user",
    path: z.object({ userId: UserId }),
    answer: [200, PublicProfile],
    cost: { read: 3, kilobytes: 9 },
    refusals: ["user_not_found"],
    grants: { read: ["USER"] },
  },
  async ({ path: { userId } }) => {
    const [profile, counts] = await Promise.all([getProfile(userId), findFollowCounts(userId)]);
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
