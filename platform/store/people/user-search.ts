import { pageOf } from "../../../domain/page.ts";
import {
  filteredMax,
  scanMax,
  searchPrefixOf,
  type UserSearchQuery,
} from "../../../domain/people/search.ts";
import { listFollowUsers } from "./follows.ts";
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
  return { list: await listFollowUsers(shown, callerId), pagination };
}

async function withExpertise(userIds: readonly string[], expertise: string): Promise<string[]> {
  const profiles = await findProfiles(userIds);
  return userIds.filter((userId) => profiles.get(userId)?.expertise === expertise);
}
