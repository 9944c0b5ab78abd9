/** The server's time: clocks of users are often wrong by minutes. */
export function createClock() {
  /**
   * The server's time minus `Date.now()`. Not minus `performance.now()`, which stands still while a
   * machine sleeps.
   */
  let ahead = Number.NEGATIVE_INFINITY;
  /** This machine's time minus that of `performance`: a sleep or a corrected clock changes it. */
  let origin = 0;
  return {
    /**
     * Takes a time that the server has sent, such as an event's. All arrive late, so the largest
     * difference is the closest. After a sleep or a correction of this machine's clock it may be
     * too large: then the new one limits it. A replayed event may be hours old, so it can only show
     * that this machine's clock is slow.
     */
    note(at: string | null | undefined, isReplayed = false): void {
      const difference = Date.parse(at ?? "") - Date.now();
      if (Number.isNaN(difference)) return;
      if (isReplayed && difference < Math.max(ahead, 0)) return;
      const offset = Date.now() - performance.now();
      if (Math.abs(offset - origin) > 1_000) ahead = Math.min(ahead, Math.max(difference, 0));
      origin = offset;
      if (difference > ahead) ahead = difference;
    },
    /** In milliseconds since 1970; this machine's time before the first event. */
    now: () => Date.now() + (ahead === Number.NEGATIVE_INFINITY ? 0 : ahead),
  };
}
