import { PublicProfile, profileRevision, publicProfileOf } from "../../../domain/people/user.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { findFollowCounts } from "../../../platform/store/people/follows.ts";
import { getCallerProfile } from "../../../platform/store/people/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/me",
    summary: "Get my profile",
    tag: "Users",
    caller: "user",
    answer: [200, PublicProfile],
    hasRevisions: true,
    cost: { read: 2, kilobytes: 9 },
    grants: { read: ["USER"] },
  },
  async ({ caller, now, showRevision }) => {
    const [profile, counts] = await Promise.all([
      getCallerProfile(caller, now),
      findFollowCounts(caller.userId),
    ]);
    showRevision(profileRevision(profile));
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
