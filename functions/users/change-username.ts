import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { PublicProfile, publicProfileOf } from "../../domain/people/user.ts";
import { Username } from "../../domain/people/username.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { findFollowCounts } from "../../platform/store/people/follows.ts";
import { rename, renameRefusals } from "../../platform/store/people/rename.ts";

export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/users/username",
    says: "Change one's own username, once in 30 days; admins give others theirs by `userId`",
    tag: "Users",
    caller: "user",
    shape: "envelope",
    body: z.object({ newUsername: Username, userId: UserId.optional() }),
    answer: [200, PublicProfile],
    refusals: renameRefusals,
    grants: { read: ["USER"], write: ["USER", "NAME", "FIND"] },
  },
  async ({ body: { newUsername, userId }, caller, now }) => {
    const profile = await rename(caller, userId ?? caller.userId, newUsername, now);
    const counts = await findFollowCounts(profile.userId);
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
