import { usedAfter, waitFor } from "../rate.ts";
import { refuse } from "../refusal.ts";

const daySeconds = 24 * 3600;

/**
 * Counts a change of names against a rate of `perDay`, at least 1: that many at once, and then one
 * after each such part of a day. `usedUntil` is the time up to which earlier changes have used up
 * the rate; returns that time after this change (both ISO 8601). Refuses with `too_many_requests`
 * and the seconds to wait.
 */
export function countNameChange(usedUntil: string | undefined, perDay: number, now: Date): string {
  const rate = { perSecond: perDay / daySeconds, burst: perDay };
  const used = usedUntil === undefined ? 0 : Date.parse(usedUntil);
  const wait = waitFor(used, rate, now.getTime());
  if (wait > 0) refuse("too_many_requests", { retryAfterSeconds: Math.ceil(wait / 1000) });
  return new Date(usedAfter(used, 1, rate, now.getTime())).toISOString();
}
