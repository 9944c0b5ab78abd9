import { folded } from "../folding.ts";
import type { Profile } from "./user.ts";

/** Code points of a text that the index keeps; a longer question finds nothing more. */
const indexedMax = 60;

/** The texts under which a user is found: what they begin with, each once. */
export function textsOf(profile: Pick<Profile, "username" | "name" | "surname">): string[] {
  const { username, name, surname } = profile;
  const texts = [username, name, surname, `${name} ${surname}`].map((value) =>
    [...folded(value)].slice(0, indexedMax).join(""),
  );
  return [...new Set(texts)].filter((value) => value !== "");
}

/** What a question asks the index for; undefined when it asks for anybody. */
export function questionOf(q: string | undefined): string | undefined {
  const question = [...folded(q ?? "")].slice(0, indexedMax).join("");
  return question === "" ? undefined : question;
}
