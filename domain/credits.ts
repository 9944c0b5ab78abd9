import * as z from "zod";

/** The largest amount of one movement, and therefore the largest price. */
export const amountMax = 1_000_000_000;

/** Credits of one movement: a whole number from 1 to 1,000,000,000. */
export const Amount = z
  .number({ error: "expected a whole number" })
  .int("expected a whole number")
  .min(1, "expected at least 1")
  .max(amountMax, `expected at most ${amountMax}`)
  .meta({ description: "Credits", example: 10 });

/** The price that a caller saw: whole, and free or beyond every price if they saw it wrong. */
export const ExpectedPrice = z
  .number({ error: "expected a whole number" })
  .int("expected a whole number")
  .min(0, "expected at least 0")
  .meta({ description: "If the price is another one, the call is refused", example: 10 });

/** A balance in credits: never negative, exact in a double. */
export const Balance = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Credits that may be spent in a day (UTC); 0 sets no limit. */
export const SpendLimit = z
  .number({ error: "expected a whole number or null" })
  .int("expected a whole number")
  .min(0, "expected at least 0")
  .max(amountMax, `expected at most ${amountMax}`)
  .meta({ description: "Credits per day; 0 for no limit", example: 0 });
