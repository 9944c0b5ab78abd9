import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { FollowAnswer } from "../../../domain/people/follow.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { removeFollow } from "../../../platform/store/people/follows.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/follow/{userId}",
    summary: "Unfollow a user",
    tag: "Follows",
    caller: "user",
    path: z.object({ userId: UserId }),
    answer: [200, FollowAnswer],
    cost: { read: 3, write: 8, kilobytes: 1 },
    refusals: ["user_not_found"],
    grants: { read: ["USER"], write: ["USER"] },
  },
  async ({ path: { userId }, caller }) => {
    const previouslyFollowing = await removeFollow(caller.userId, userId);
    // Only without a relation, so that followers can unfollow a user who is gone.
    if (!previouslyFollowing) await getProfile(userId);
    return { isFollowing: false, previouslyFollowing };
  },
);
