import * as z from "zod";
import { Pagination, pageQuery } from "../page.ts";
import { folded, rowsOf, text } from "../text.ts";
import { FollowUser } from "./follow.ts";
import { Expertise } from "./profile-change.ts";
import type { Profile } from "./user.ts";

/** Code points of a text that the index keeps; what a question has beyond them is ignored. */
const indexedMax = 60;

/** The texts by whose beginning a user is found, each once. */
export function textsOf(profile: Pick<Profile, "username" | "name" | "surname">): string[] {
  const { username, name, surname } = profile;
  const texts = [username, name, surname, `${name} ${surname}`].map((value) =>
    [...folded(value)].slice(0, indexedMax).join(""),
  );
  return [...new Set(texts)].filter((value) => value !== "");
}

/** What to look up in the index for a question; undefined when it asks for anybody. */
export function questionOf(q: string | undefined): string | undefined {
  const question = [...folded(q ?? "")].slice(0, indexedMax).join("");
  return question === "" ? undefined : question;
}

/**
 * A search: for users one of whose names begins with `q`; without it for some users, others each
 * time.
 */
export const UserQuestion = pageQuery(5).extend({
  q: text(0, 100)
    .optional()
    .meta({ description: "A name prefix; without it, the response is a random sample of users" }),
  expertise: Expertise.optional().meta({ description: "Only users with this expertise" }),
});
export type UserQuestion = z.infer<typeof UserQuestion>;

export const FoundUsers = z.object({ list: rowsOf(FollowUser), pagination: Pagination });

/** Entries of the index that one question looks at. */
export const scanMax = 500;

/** The same for a question whose answer depends on profiles, which are read whole. */
export const filteredMax = 100;
