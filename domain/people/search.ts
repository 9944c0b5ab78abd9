import * as z from "zod";
import { Pagination, pageQuery } from "../page.ts";
import { folded, rowsOf, text } from "../text.ts";
import { FollowUser } from "./follow.ts";
import { Expertise } from "./profile-change.ts";
import type { Profile } from "./user.ts";

/** Code points of a text that the index keeps; longer search terms are cut to this length. */
const indexedMax = 60;

/** The distinct texts whose prefixes find a user. */
export function textsOf(profile: Pick<Profile, "username" | "name" | "surname">): string[] {
  const { username, name, surname } = profile;
  const texts = [username, name, surname, `${name} ${surname}`].map((value) =>
    [...folded(value)].slice(0, indexedMax).join(""),
  );
  return [...new Set(texts)].filter((value) => value !== "");
}

/** The prefix to look up in the index for a search; undefined if it matches every user. */
export function searchPrefixOf(q: string | undefined): string | undefined {
  const question = [...folded(q ?? "")].slice(0, indexedMax).join("");
  return question === "" ? undefined : question;
}

/**
 * A search: for users with a name that begins with `q`; without `q`, for a random choice of users.
 */
export const UserSearchQuery = pageQuery(5).extend({
  q: text(0, 100).optional().meta({
    description:
      "A name prefix, which finds at most 500 names; without it, a random sample of users",
  }),
  expertise: Expertise.optional().meta({
    description: "Only users with this expertise, among the first 100",
  }),
});
export type UserSearchQuery = z.infer<typeof UserSearchQuery>;

export const FoundUsers = z.object({ list: rowsOf(FollowUser), pagination: Pagination });

/** The largest number of index entries that one search reads. */
export const scanMax = 500;

/** `scanMax` for a search that filters by profiles, which are read whole. */
export const filteredMax = 100;
