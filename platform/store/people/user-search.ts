import { pageOf } from "../../../domain/page.ts";
import { followUserOf } from "../../../domain/people/follow.ts";
import { lookMax, questionOf, type UserQuestion } from "../../../domain/people/search.ts";
import { setting } from "../../env.ts";
import { findStandings } from "./follows.ts";
import { findAnybody, findByText } from "./user-index.ts";
import { findProfiles } from "./users.ts";

/** A page of the users whom a search finds, among at most 500 entries of the index. */
export async function searchUsers(query: UserQuestion, callerId: string) {
  const question = questionOf(query.q);
  const found =
    question === undefined ? await findAnybody(100) : await findByText(question, lookMax);
  const profiles = [...(await findProfiles(found)).values()];
  const { list, pagination } = pageOf(
    profiles.filter(({ expertise }) => !query.expertise || expertise === query.expertise),
    query.page,
    query.limit,
  );
  const standings = await findStandings(
    list.map(({ userId }) => userId),
    callerId,
  );
  const picture = setting("DEFAULT_PICTURE");
  const users = list.map((user) => followUserOf(user, standings(user.userId), picture));
  return { list: users, pagination };
}
