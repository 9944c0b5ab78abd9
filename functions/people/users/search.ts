import { FoundUsers, UserSearchQuery } from "../../../domain/people/search.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { searchUsers } from "../../../platform/store/people/user-search.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/search",
    summary: "Search users by name prefix; without a query, returns a sample",
    tag: "Users",
    caller: "user",
    query: UserSearchQuery,
    answer: [200, FoundUsers],
    rate: "searches",
    cost: { read: 430, kilobytes: 290 },
    grants: { read: ["USER", "FIND"] },
  },
  async ({ query, caller }) => searchUsers(query, caller.userId),
);
