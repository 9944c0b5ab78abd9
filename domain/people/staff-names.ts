import { inLatin } from "../look-alikes.ts";

/**
 * What digits, letters and pairs of letters are taken for: one letter stands for all that look
 * alike.
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

/** A username's words: between separators, and where a capital follows a small letter. */
const wordsOf = (username: string) => username.split(/[._-]+|(?<=[a-z0-9])(?=[A-Z])/);

/** What makes the name of a staff member more convincing, before and after it. */
const before = ["the", "real", "true", "iam", "im"];
const after = ["team", "real"];

/** Names of staff in one piece: reserved words, their plurals, and what adds weight to them. */
function staffPattern(reserved: readonly string[]): RegExp {
  // Billings is a surname.
  const words = reserved.map((word) => `${skeletonOf(word)}${word.endsWith("ing") ? "" : "s?"}`);
  const any = (parts: readonly string[]) => `(?:${parts.map(skeletonOf).join("|")})*`;
  return new RegExp(`^${any(before)}(?:${words.join("|")})+${any(after)}$`);
}

/**
 * Whether a username looks like one of the staff: one of its words is reserved, or it consists of
 * reserved words, allowing for look-alikes, a plural, digits around it, and words such as `real`
 * and `team`. `badminton` does not.
 */
export function looksLikeStaff(username: string, reserved: readonly string[]): boolean {
  if (reserved.length === 0) return false;
  const staff = staffPattern(reserved);
  return [username.replace(/[._-]/g, ""), ...wordsOf(username)]
    .flatMap((word) => [word, word.replace(/^\d+|\d+$/g, "")])
    .some((word) => staff.test(skeletonOf(word)));
}

/**
 * Letters of a name that could be the staff's. Where reserved words are made of others (`help`,
 * `desk`, `helpdesk`), each eight of them double the work of the pattern.
 */
const staffNameMax = 60;

/**
 * Whether a name and surname together look like the staff's: they consist of reserved words, in
 * whatever script, and of signs. `Support Team ✔️` does, and `Ann Official` does not.
 */
export function isStaffName(
  { name, surname }: { name: string; surname: string },
  reserved: readonly string[],
): boolean {
  const letters = inLatin(`${name} ${surname}`).replace(/[^\p{L}\p{N}]+/gu, "");
  if (reserved.length === 0 || letters.length > staffNameMax) return false;
  return staffPattern(reserved).test(skeletonOf(letters.replace(/^\d+|\d+$/g, "")));
}
