import * as z from "zod";

/** A unique name to be found by, whatever its case. */
export const Username = z
  .string({ error: "expected 3 to 30 of A-Z a-z 0-9 . _ -" })
  .regex(/^[A-Za-z0-9._-]{3,30}$/, "expected 3 to 30 of A-Z a-z 0-9 . _ -")
  .meta({ example: "johndoe" });

/**
 * Days for which a username that was given up still leads to the user who had it, and nobody else
 * can take it: messages and gifts continue to show it.
 */
const heldDays = 90;

/** Until when a username that is given up now is held. */
export const heldUntil = (now: Date) => new Date(now.getTime() + heldDays * 24 * 3600 * 1000);

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

/**
 * Whether a username looks like one of the staff: one of its words is reserved, or it consists of
 * reserved words, allowing for look-alikes, a plural and digits around it. `badminton` does not.
 */
export function looksLikeStaff(username: string, reserved: readonly string[]): boolean {
  const names = reserved.map(skeletonOf).join("|");
  if (names === "") return false;
  const staff = new RegExp(`^(?:(?:${names})s?)+$`);
  return [username.replace(/[._-]/g, ""), ...wordsOf(username)]
    .flatMap((word) => [word, word.replace(/^\d+|\d+$/g, "")])
    .some((word) => staff.test(skeletonOf(word)));
}
