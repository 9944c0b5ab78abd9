import { FoundUsers, UserQuestion } from "../../domain/people/search.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { searchUsers } from "../../platform/store/people/user-search.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/search",
    says: "Find users of whom a name begins as asked; without a question, some users",
    tag: "Users",
    caller: "user",
    shape: "envelope",
    query: UserQuestion,
    answer: [200, FoundUsers],
    rate: "searches",
    refusals: [],
    grants: { read: ["USER", "FIND"] },
  },
  async ({ query, caller }) => searchUsers(query, caller.userId),
);
