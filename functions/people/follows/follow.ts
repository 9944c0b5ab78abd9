import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { FollowAnswer } from "../../../domain/people/follow.ts";
import { refuse } from "../../../domain/refusal.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { recordFollow } from "../../../platform/store/people/follows.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/follow/{userId}",
    summary: "Follow a user",
    tag: "Follows",
    caller: "user",
    path: z.object({ userId: UserId }),
    answer: [200, FollowAnswer],
    cost: { read: 2, write: 14, kilobytes: 1 },
    refusals: ["user_not_found", "follow_oneself"],
    grants: { read: ["USER"], write: ["USER", "ERASURE"] },
  },
  async ({ path: { userId }, caller, now, newId, idempotentReply, commitReply }) => {
    await getProfile(userId);
    if (userId === caller.userId) refuse("follow_oneself");
    const at = now.toISOString();
    const relation = { relationId: newId(), followerId: caller.userId, followedId: userId, at };
    const reply = idempotentReply({ isFollowing: true, previouslyFollowing: false });
    if (!(await recordFollow(relation, reply))) return reply.answer;
    return commitReply({ isFollowing: true, previouslyFollowing: true });
  },
);
