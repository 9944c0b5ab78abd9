import { pageOf } from "../../../domain/page.ts";
import { followUserOf } from "../../../domain/people/follow.ts";
import { questionOf } from "../../../domain/people/search.ts";
import { lookMax, type UserQuestion } from "../../../domain/people/user-search.ts";
import { setting } from "../../env.ts";
import { findStandings } from "./follows.ts";
import { findAnybody, findByText } from "./user-index.ts";
import { findProfiles } from "./users.ts";

/** Users whom a search finds, in pages; at most 500 entries of the index are looked at. */
export async function searchUsers(asked: UserQuestion, callerId: string) {
  const question = questionOf(asked.q);
  const found =
    question === undefined ? await findAnybody(100) : await findByText(question, lookMax);
  const profiles = [...(await findProfiles(found)).values()];
  const { list, pagination } = pageOf(
    profiles.filter(({ expertise }) => !asked.expertise || expertise === asked.expertise),
    asked.page,
    asked.limit,
  );
  const standings = await findStandings(
    list.map(({ userId }) => userId),
    callerId,
  );
  const picture = setting("DEFAULT_PICTURE");
  const users = list.map((user) => followUserOf(user, standings(user.userId), picture));
  return { list: users, pagination };
}
