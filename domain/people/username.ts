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
