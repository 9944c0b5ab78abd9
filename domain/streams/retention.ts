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
 * `last`: the newest number of a chat of `count` that shows nothing for its age, 0 where there is
 * none; `old`: the newest that was seen to be too old, for the `from` of the next time. Numbers are
 * given out in the order of time, so what is kept begins somewhere and goes on to the end. One look
 * where nothing has grown old since `from`, or where everything old has gone already. Otherwise the
 * steps from there are doubled, or without it the chat is halved, until one look has passed the end
 * of what is old; what lies between is halved.
 */
export async function lastForgotten(
  count: number,
  look: Look,
  from = 0,
): Promise<{ last: number; old: number }> {
  let old = from;
  let end = count + 1;
  let last = count;
  let step = 1;
  while (end - old > 1) {
    const next = Math.min(old + step, Math.floor((old + end) / 2));
    const found = await look(next);
    if (found?.isKept === false) {
      old = found.n;
      step = from === 0 ? count : step * 2;
      continue;
    }
    end = next;
    // Numbers right before it have gone too: of what is old, anything may have gone first.
    if (found !== undefined) last = found.n - 1;
  }
  return { last, old };
}
