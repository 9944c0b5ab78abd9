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
    query: cursorQuery(UserId),
    // `list` as in our other lists, `users` as in Allmine's list of followers.
    answer: [
      200,
      z.object({ list: rowsOf(FollowUser), users: rowsOf(FollowUser), pageInfo: PageInfo }),
    ],
    cost: { read: 280, kilobytes: 600 },
    grants: { read: ["USER"] },
  },
  async ({ query: { after, limit }, caller }) => {
    const relations = await listFollowing(caller.userId, limit + 1, after);
    const { list, pageInfo } = cursorPage(relations, limit, ({ followedId }) => followedId);
    const ids = list.map(({ followedId }) => followedId);
    const users = await listFollowUsers(ids, caller.userId);
    return { list: users, users, pageInfo };
  },
);
