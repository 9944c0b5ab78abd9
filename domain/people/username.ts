import * as z from "zod";

/** A name to be found by: told apart without regard to case. */
export const Username = z
  .string({ error: "expected 3 to 30 of A-Z a-z 0-9 . _ -" })
  .regex(/^[A-Za-z0-9._-]{3,30}$/, "expected 3 to 30 of A-Z a-z 0-9 . _ -")
  .meta({ example: "johndoe" });

/**
 * Days in which a username that was given up still leads to who had it and is nobody else's:
 * messages and gifts go on to show it.
 */
const heldDays = 90;

/** Until when a username that is given up now is held. */
export const heldUntil = (now: Date) => new Date(now.getTime() + heldDays * 24 * 3600 * 1000);

/** What digits, letters and pairs of them are taken for: one letter for all that look alike. */
const alike: readonly (readonly [RegExp, string])[] = [
  ...([
    [/rn/g, "m"],
    [/vv/g, "w"],
    [/0/g, "o"],
    [/[1l]/g, "i"],
    [/3/g, "e"],
  ] as const),
  ...([
    [/4/g, "a"],
    [/5/g, "s"],
    [/7/g, "t"],
    [/8/g, "b"],
    [/[69]/g, "g"],
  ] as const),
];
const skeletonOf = (name: string) =>
  alike.reduce((text, [look, letter]) => text.replace(look, letter), name.toLowerCase());

/** A username's words: between separators, and where a capital follows a small letter. */
const wordsOf = (username: string) => username.split(/[._-]+|(?<=[a-z0-9])(?=[A-Z])/);

/**
 * Whether a username looks as if it were of the staff: one of its words is a reserved one, or all
 * of it is made of them, with look-alikes, a plural and digits around. `badminton` is not.
 */
export function looksLikeStaff(username: string, reserved: readonly string[]): boolean {
  const names = reserved.map(skeletonOf).join("|");
  if (names === "") return false;
  const staff = new RegExp(`^(?:(?:${names})s?)+$`);
  return [username.replace(/[._-]/g, ""), ...wordsOf(username)]
    .flatMap((word) => [word, word.replace(/^\d+|\d+$/g, "")])
    .some((word) => staff.test(skeletonOf(word)));
}
