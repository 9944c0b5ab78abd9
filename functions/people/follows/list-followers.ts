import * as z from "zod";
import { RelationId } from "../../../domain/id.ts";
import { cursorPage, cursorQuery, PageInfo } from "../../../domain/page.ts";
import { FollowUser } from "../../../domain/people/follow.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listFollowers, listFollowUsers } from "../../../platform/store/people/follows.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/follow/me/followers",
    summary: "List my followers, newest first",
    tag: "Follows",
    caller: "user",
    query: cursorQuery(RelationId, 50),
    answer: [200, z.object({ users: rowsOf(FollowUser), pageInfo: PageInfo })],
    cost: { read: 140, kilobytes: 150 },
    grants: { read: ["USER"] },
  },
  async ({ query: { after, limit }, caller }) => {
    const relations = await listFollowers(caller.userId, limit + 1, after);
    const { list, pageInfo } = cursorPage(relations, limit, ({ relationId }) => relationId);
    const ids = list.map(({ followerId }) => followerId);
    return { users: await listFollowUsers(ids, caller.userId), pageInfo };
  },
);
