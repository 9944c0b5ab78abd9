import { PublicProfile, publicProfileOf } from "../../domain/people/user.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { findFollowCounts } from "../../platform/store/people/follows.ts";
import { getCallerProfile } from "../../platform/store/people/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/me",
    says: "Read one's own profile",
    tag: "Users",
    caller: "user",
    shape: "envelope",
    answer: [200, PublicProfile],
    refusals: [],
    grants: { read: ["USER"] },
  },
  async ({ caller, now }) => {
    const [profile, counts] = await Promise.all([
      getCallerProfile(caller, now),
      findFollowCounts(caller.userId),
    ]);
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
