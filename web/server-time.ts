/**
 * The server's time minus this machine's; not finite before the first one. Not that of
 * `performance`, which stands still while a machine sleeps.
 */
let ahead = Number.NEGATIVE_INFINITY;

/**
 * Takes a time that the server has sent just now: an event's `at`, or the header `date`, which
 * other origins cannot read. The latest one counts, since all arrive late, and those of a cache
 * later.
 */
export function noteServerTime(sent: string | null): void {
  const difference = Date.parse(sent ?? "") - Date.now();
  if (difference > ahead) ahead = difference;
}

/** A `fetch` that notes the server's time. */
export const timed =
  (fetcher: typeof fetch = fetch): typeof fetch =>
  async (...given) => {
    const answer = await fetcher(...given);
    noteServerTime(answer.headers.get("date"));
    return answer;
  };

/**
 * The server's time in milliseconds, about a second late at most: clocks of users are often wrong
 * by minutes. Before the server has sent one, it is the user's.
 */
export const serverNow = () => Date.now() + (Number.isFinite(ahead) ? ahead : 0);
