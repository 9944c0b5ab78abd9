import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { Naming } from "../../../domain/people/profile-change.ts";
import { PublicProfile, publicProfileOf } from "../../../domain/people/user.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { findFollowCounts } from "../../../platform/store/people/follows.ts";
import { nameUser, namingRefusals } from "../../../platform/store/people/rename.ts";

/** For a back end that imports its users, or keeps their names up to date. */
export const { contract, handler } = endpoint(
  {
    route: "PUT /api/v1/users/{userId}",
    summary: "Set a user's names, or import a user; omitted fields stay unchanged",
    tag: "Users",
    caller: "service",
    path: z.object({ userId: UserId }),
    body: Naming,
    answer: [200, PublicProfile],
    cost: { read: 8, write: 40, kilobytes: 9 },
    refusals: namingRefusals,
    grants: { read: ["USER"], write: ["USER", "NAME", "FIND"] },
  },
  async ({ path: { userId }, body, caller, now }) => {
    const profile = await nameUser(caller, userId, body, now);
    const counts = await findFollowCounts(userId);
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
