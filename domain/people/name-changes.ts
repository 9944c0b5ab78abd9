import { refuse } from "../refusal.ts";

const dayMilliseconds = 24 * 3600 * 1000;

/**
 * Counts a change of names against `perDay`, at least 1: so many at once, and then one
 * each time that its share of a day has passed. `usedUntil` is the moment to which the changes
 * before have used up the rate; answers the one after this change (both ISO 8601). Refuses with
 * `too_many_requests` and the seconds to wait.
 */
export function countNameChange(usedUntil: string | undefined, perDay: number, now: Date): string {
  const share = dayMilliseconds / perDay;
  const next = Math.max(now.getTime(), Date.parse(usedUntil ?? "1970-01-01T00:00:00Z")) + share;
  const wait = next - now.getTime() - dayMilliseconds;
  if (wait > 0) refuse("too_many_requests", { retryAfterSeconds: Math.ceil(wait / 1000) });
  return new Date(next).toISOString();
}
