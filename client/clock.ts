/** The server's time: clocks of users are often wrong by minutes. */
export function createClock() {
  /** The server's time minus that of this machine's steady clock. */
  let ahead = Number.NEGATIVE_INFINITY;
  return {
    /** Takes the time of an event. The latest one counts, since all arrive late. */
    note(at: string | undefined): void {
      const difference = Date.parse(at ?? "") - performance.now();
      if (difference > ahead) ahead = difference;
    },
    /** In milliseconds since 1970; this machine's time before the first event. */
    now: () => (ahead === Number.NEGATIVE_INFINITY ? Date.now() : performance.now() + ahead),
  };
}
