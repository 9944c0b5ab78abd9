import * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import { PublicProfile, publicProfileOf } from "../../domain/user.ts";
import { renamed, Username } from "../../domain/username.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { findFollowCounts } from "../../platform/store/follows.ts";
import { holdUsername, releaseUsername } from "../../platform/store/user-index.ts";
import { changeProfile } from "../../platform/store/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/users/username",
    says: "Change one's own username, once in 30 days",
    tag: "Users",
    caller: "user",
    shape: "envelope",
    body: z.object({ newUsername: Username }),
    answer: [200, PublicProfile],
    refusals: ["username_taken", "username_changed_lately"],
    grants: { read: ["USER"], write: ["USER", "NAME", "FIND"] },
  },
  async ({ body: { newUsername: username }, caller, now }) => {
    const rename = await changeProfile(
      caller,
      (profile) => renamed(profile, username, now),
      now,
      (_, { userId }) => [holdUsername(userId, username)],
    );
    if (rename.failed !== undefined) refuse("username_taken", { username });
    await releaseUsername(rename.was, rename.profile);
    const counts = await findFollowCounts(caller.userId);
    return publicProfileOf(rename.profile, counts, setting("DEFAULT_PICTURE"));
  },
);
