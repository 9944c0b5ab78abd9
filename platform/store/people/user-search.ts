import { pageOf } from "../../../domain/page.ts";
import { followUserOf } from "../../../domain/people/follow.ts";
import {
  filteredMax,
  scanMax,
  searchPrefixOf,
  type UserSearchQuery,
} from "../../../domain/people/search.ts";
import { setting } from "../../runtime/env.ts";
import { findFollowStates } from "./follows.ts";
import { findByText, sampleUsers } from "./user-index.ts";
import { findProfiles } from "./users.ts";

/**
 * A page of the users whom a search finds, among at most 500 entries of the index, or 100 if it
 * filters by fields of profiles. Otherwise only the page's profiles are read.
 */
export async function searchUsers(query: UserSearchQuery, callerId: string) {
  const question = searchPrefixOf(query.q);
  const ids =
    question === undefined
      ? await sampleUsers(filteredMax)
      : await findByText(question, query.expertise ? filteredMax : scanMax);
  const wanted = query.expertise ? await withExpertise(ids, query.expertise) : ids;
  const { list: shown, pagination } = pageOf(wanted, query.page, query.limit);
  const [profiles, standings] = await Promise.all([
    findProfiles(shown),
    findFollowStates(shown, callerId),
  ]);
  const list = shown.flatMap((userId) => profiles.get(userId) ?? []);
  const picture = setting("DEFAULT_PICTURE");
  const users = list.map((user) => followUserOf(user, standings(user.userId), picture));
  return { list: users, pagination };
}

async function withExpertise(userIds: readonly string[], expertise: string): Promise<string[]> {
  const profiles = await findProfiles(userIds);
  return userIds.filter((userId) => profiles.get(userId)?.expertise === expertise);
}
