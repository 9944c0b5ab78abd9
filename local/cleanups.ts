/** Cleanup functions, in the order in which their parts were started. */
export type Cleanups = (() => unknown)[];

/**
 * Starts something of several parts, each of which adds its cleanup. `stop` runs them in reverse
 * order, as does a failed start.
 */
export async function startParts<Started>(
  start: (cleanups: Cleanups) => Promise<Started>,
): Promise<Started & { stop(): Promise<void> }> {
  const cleanups: Cleanups = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    return { ...(await start(cleanups)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
