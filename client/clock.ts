/** The server's time: clocks of users are often wrong by minutes. */
export function createClock() {
  /**
   * The server's time minus this machine's. Not that of `performance`, which stands still while a
   * machine sleeps.
   */
  let ahead = Number.NEGATIVE_INFINITY;
  return {
    /** Takes the time of an event. The latest one counts, since all arrive late. */
    note(at: string | undefined): void {
      const difference = Date.parse(at ?? "") - Date.now();
      if (difference > ahead) ahead = difference;
    },
    /** In milliseconds since 1970; this machine's time before the first event. */
    now: () => Date.now() + (ahead === Number.NEGATIVE_INFINITY ? 0 : ahead),
  };
}
