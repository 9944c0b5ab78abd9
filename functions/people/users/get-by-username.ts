import * as z from "zod";
import { PublicProfile, publicProfileOf } from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import { text } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { findFollowCounts } from "../../../platform/store/people/follows.ts";
import { findHolder } from "../../../platform/store/people/user-index.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/profile/username/{username}",
    summary: "Get a user's public profile by username (case-insensitive)",
    tag: "Users",
    caller: "anyone",
    path: z.object({
      username: text(1, 100).meta({ description: "Case-insensitive", example: "johndoe" }),
    }),
    answer: [200, PublicProfile],
    cost: { read: 3, kilobytes: 9 },
    refusals: ["username_not_found", "user_not_found"],
    grants: { read: ["USER", "NAME"] },
  },
  async ({ path: { username }, now }) => {
    const userId = (await findHolder(username, now)) ?? refuse("username_not_found", { username });
    const [profile, counts] = await Promise.all([getProfile(userId), findFollowCounts(userId)]);
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
