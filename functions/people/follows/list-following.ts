import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { cursorPage, cursorQuery, PageInfo } from "../../../domain/page.ts";
import { FollowUser } from "../../../domain/people/follow.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listFollowing, listFollowUsers } from "../../../platform/store/people/follows.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/follow/me/following",
    summary: "List the users I follow, ordered by id",
    tag: "Follows",
    caller: "user",
    query: cursorQuery(UserId, 50),
    answer: [200, z.object({ users: rowsOf(FollowUser), pageInfo: PageInfo })],
    cost: { read: 140, kilobytes: 150 },
    grants: { read: ["USER"] },
  },
  async ({ query: { after, limit }, caller }) => {
    const relations = await listFollowing(caller.userId, limit + 1, after);
    const { list, pageInfo } = cursorPage(relations, limit, ({ followedId }) => followedId);
    const ids = list.map(({ followedId }) => followedId);
    return { users: await listFollowUsers(ids, caller.userId), pageInfo };
  },
);
