/** How long a chat's messages are kept, in stages that delete them. */

const dayMilliseconds = 24 * 3600 * 1000;

/** When something from this time is deleted, in milliseconds since 1970. */
export const keptUntil = (at: Date, days: number): number => at.getTime() + days * dayMilliseconds;

/** Whether something made at this time is still shown. */
export const isKept = (createdAt: string, days: number, now: Date): boolean =>
  keptUntil(new Date(createdAt), days) > now.getTime();

/** Reads the first message at or after a number, and whether it is kept; undefined without one. */
export type FindKept = (n: number) => Promise<{ n: number; isKept: boolean } | undefined>;

/**
 * `last`: the newest number of a chat of `count` messages that is hidden for its age, 0 if there is
 * none; `old`: the newest that was seen to be too old, for the next call's `from`. Numbers are
 * assigned in the order of time, so the kept messages are one range up to the end. Takes one look
 * if nothing has expired since `from`, or if everything old is deleted already. Otherwise the steps
 * from `from` double (without `from`, the chat is halved) until a look has passed the last old
 * message; then the range in between is halved.
 */
export async function lastExpired(
  count: number,
  look: FindKept,
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
    // All numbers from `next` up to it are deleted: old messages may be deleted in any order.
    if (found !== undefined) last = found.n - 1;
  }
  return { last, old };
}
