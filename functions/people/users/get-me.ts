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
    cost: { read: 4, kilobytes: 9 },
    grants: { read: ["USER"] },
  },
  async ({ caller, now, showRevision }) => {
    // The caller may have just changed the profile, and its revision may go into the next change.
    const [profile, counts] = await Promise.all([
      getCallerProfile(caller, now, { consistent: true }),
      findFollowCounts(caller.userId),
    ]);
    showRevision(profileRevision(profile));
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
