import * as z from "zod";
import { PublicProfile, publicProfileOf } from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import { text } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { findFollowCounts } from "../../../platform/store/people/follows.ts";
import { findByUsername } from "../../../platform/store/people/user-index.ts";

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
    refusals: ["username_not_found"],
    grants: { read: ["USER", "NAME"] },
  },
  async ({ path: { username }, now }) => {
    const found = await findByUsername(username, now);
    const profile = found ?? refuse("username_not_found", { username });
    const counts = await findFollowCounts(profile.userId);
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
