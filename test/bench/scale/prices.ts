/**
 * List prices in dollars, us-east-1, arm64, on demand, first tier, without free tier. Read on
 * 2026-11-20 from secondary sources of the AWS Price List of 2026-09: check before relying on them.
 */
export const prices = {
  date: "2026-09",
  /** A WebSocket message in or out, per 32 KB; a post counts as one. */
  message: 1e-6,
  connectionMinute: 0.25e-6,
  lambdaRequest: 0.2e-6,
  lambdaGigabyteSecond: 0.0000133334,
  writeUnit: 0.625e-6,
  readUnit: 0.125e-6,
  fifoRequest: 0.5e-6,
  /** Data out to the Internet. */
  gigabyteOut: 0.09,
} as const;

/** What a run used of each. */
export type Use = { -readonly [Name in Exclude<keyof typeof prices, "date">]: number };

export const noUse = (): Use => ({
  message: 0,
  connectionMinute: 0,
  lambdaRequest: 0,
  lambdaGigabyteSecond: 0,
  writeUnit: 0,
  readUnit: 0,
  fifoRequest: 0,
  gigabyteOut: 0,
});

/** What it costs, in dollars. */
export const costOf = (use: Use) =>
  Object.entries(use).reduce((sum, [name, count]) => sum + count * prices[name as keyof Use], 0);
