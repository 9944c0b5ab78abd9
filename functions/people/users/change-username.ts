import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import {
  type Profile,
  PublicProfile,
  profileRevision,
  publicProfileOf,
  Username,
} from "../../../domain/people/user.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { findFollowCounts } from "../../../platform/store/people/follows.ts";
import { rename, renameRefusals } from "../../../platform/store/people/rename.ts";

export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/users/username",
    summary: "Change my username (once in 30 days); admins can change another user's with `userId`",
    tag: "Users",
    caller: "user",
    body: z.object({ newUsername: Username, userId: UserId.optional() }),
    answer: [200, PublicProfile],
    hasRevisions: true,
    cost: { read: 4, write: 30, kilobytes: 9 },
    refusals: renameRefusals,
    grants: { read: ["USER"], write: ["USER", "NAME", "FIND"] },
  },
  async ({ body, caller, now, assertRevision, showRevision }) => {
    const { newUsername, userId = caller.userId } = body;
    const assertKnown = (profile: Profile) => assertRevision(profileRevision(profile));
    const profile = await rename(caller, userId, newUsername, now, assertKnown);
    showRevision(profileRevision(profile));
    const counts = await findFollowCounts(profile.userId);
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
