import { inLatin } from "../look-alikes.ts";

/**
 * Look-alike digits, letters and pairs of letters: each group is replaced by one letter.
 */
const alike: readonly (readonly [RegExp, string])[] = [
  [/rn/g, "m"],
  [/vv/g, "w"],
  [/0/g, "o"],
  [/[1l]/g, "i"],
  [/3/g, "e"],
  [/4/g, "a"],
  [/5/g, "s"],
  [/7/g, "t"],
  [/8/g, "b"],
  [/[69]/g, "g"],
];
const skeletonOf = (name: string) =>
  alike.reduce((text, [look, letter]) => text.replace(look, letter), name.toLowerCase());

/**
 * A username's words: split at separators, and before a capital that follows a lower-case letter.
 */
const wordsOf = (username: string) => username.split(/[._-]+|(?<=[a-z0-9])(?=[A-Z])/);

/** Words before and after a staff name that make it more convincing. */
const before = ["the", "real", "true", "iam", "im"];
const after = ["team", "real"];

/**
 * Matches staff names written as one word: reserved words, their plurals, and the words around
 * them.
 */
function staffPattern(reserved: readonly string[]): RegExp {
  // Billings is a surname, so plurals of words in -ing are not reserved.
  const words = reserved.map((word) => `${skeletonOf(word)}${word.endsWith("ing") ? "" : "s?"}`);
  const any = (parts: readonly string[]) => `(?:${parts.map(skeletonOf).join("|")})*`;
  return new RegExp(`^${any(before)}(?:${words.join("|")})+${any(after)}$`);
}

/**
 * Whether a username looks like a staff name: one of its words is reserved, or it consists of
 * reserved words, allowing for look-alikes, a plural, digits around it, and words such as `real`
 * and `team`. `badminton` does not match.
 */
export function looksLikeStaff(username: string, reserved: readonly string[]): boolean {
  if (reserved.length === 0) return false;
  const staff = staffPattern(reserved);
  return [username.replace(/[._-]/g, ""), ...wordsOf(username)]
    .flatMap((word) => [word, word.replace(/^\d+|\d+$/g, "")])
    .some((word) => staff.test(skeletonOf(word)));
}

/**
 * The largest number of letters that are compared with staff names. If reserved words are made of
 * others (`help`, `desk`, `helpdesk`), every eight letters double the work of the pattern.
 */
const staffNameMax = 60;

/**
 * Whether a name and surname together look like a staff name: they consist of reserved words, in
 * any script, and of signs. `Support Team ✔️` does, `Ann Official` does not.
 */
export function isStaffName(
  { name, surname }: { name: string; surname: string },
  reserved: readonly string[],
): boolean {
  const letters = inLatin(`${name} ${surname}`).replace(/[^\p{L}\p{N}]+/gu, "");
  if (reserved.length === 0 || letters.length > staffNameMax) return false;
  return staffPattern(reserved).test(skeletonOf(letters.replace(/^\d+|\d+$/g, "")));
}
