/** How long a chat's messages are kept, where a stage forgets them. */

const dayMilliseconds = 24 * 3600 * 1000;

/** When something of this time is forgotten, in milliseconds since 1970. */
export const keptUntil = (at: Date, days: number): number => at.getTime() + days * dayMilliseconds;

/** Whether what was made then is shown still. */
export const isKept = (createdAt: string, days: number, now: Date): boolean =>
  keptUntil(new Date(createdAt), days) > now.getTime();

/** The first message at a number or after it, with whether it is kept; undefined without one. */
export type Look = (n: number) => Promise<{ n: number; isKept: boolean } | undefined>;

/**
 * The newest number of a chat of `count` that shows nothing for its age; 0 where there is none.
 * Numbers are given out in the order of time, so what is kept begins somewhere and goes on to the
 * end. One look where everything old has gone already, otherwise one for each halving.
 */
export async function lastForgotten(count: number, look: Look): Promise<number> {
  const first = await look(1);
  if (first === undefined) return count;
  if (first.isKept) return first.n - 1;
  let old = first.n;
  let end = count + 1;
  let last = count;
  while (end - old > 1) {
    const middle = Math.floor((old + end) / 2);
    const found = await look(middle);
    if (found?.isKept === false) {
      old = found.n;
      continue;
    }
    end = middle;
    // Numbers right before it have gone too: of what is old, anything may have gone first.
    if (found !== undefined) last = found.n - 1;
  }
  return last;
}
