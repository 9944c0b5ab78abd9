/** The server's time: clocks of users are often wrong by minutes. */
export function createClock() {
  /**
   * The server's time minus this machine's. Not that of `performance`, which stands still while a
   * machine sleeps.
   */
  let ahead = Number.NEGATIVE_INFINITY;
  /** This machine's time minus that of `performance`: a sleep or a corrected clock changes it. */
  let origin = 0;
  return {
    /**
     * Takes a time that the server has sent, such as an event's. The latest one counts, since all
     * arrive late. A corrected clock makes earlier ones too high; this one shows whether they are.
     * A replayed event may be hours old, so it only shows that this machine's clock is slow.
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
