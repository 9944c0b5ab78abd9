import { refuse } from "../refusal.ts";

const dayMilliseconds = 24 * 3600 * 1000;

/**
 * Counts a change of names against a rate of `perDay`, at least 1: as many as that at once, and
 * then one whenever its share of a day has passed. `usedUntil` is the moment up to which earlier
 * changes have used up the rate; answers that moment after this change (both ISO 8601). Refuses
 * with `too_many_requests` and the seconds to wait.
 */
export function countNameChange(usedUntil: string | undefined, perDay: number, now: Date): string {
  const share = dayMilliseconds / perDay;
  const next = Math.max(now.getTime(), Date.parse(usedUntil ?? "1970-01-01T00:00:00Z")) + share;
  const wait = next - now.getTime() - dayMilliseconds;
  if (wait > 0) refuse("too_many_requests", { retryAfterSeconds: Math.ceil(wait / 1000) });
  return new Date(next).toISOString();
}
