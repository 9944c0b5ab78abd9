/** The pause between two attempts, in milliseconds. */
const pauseMilliseconds = 250;

/**
 * Repeats `attempt` while it throws errors that `isTransient` accepts. `onFirst` is called with the
 * first one. Rejects with the last error after `milliseconds`, and with any other error at once.
 */
export async function retry<Result>(
  attempt: () => Promise<Result>,
  isTransient: (error: unknown) => boolean,
  { milliseconds, onFirst }: { milliseconds: number; onFirst?: (error: unknown) => void },
): Promise<Result> {
  const deadline = performance.now() + milliseconds;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error) || performance.now() + pauseMilliseconds > deadline) throw error;
      if (tries === 1) onFirst?.(error);
      await new Promise((done) => setTimeout(done, pauseMilliseconds));
    }
  }
}
