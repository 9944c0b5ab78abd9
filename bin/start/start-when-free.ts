import { setTimeout as pause } from "node:timers/promises";
import { DataDirectoryBusy } from "../../local/index.ts";

const retryMilliseconds = 100;
/** A system that is stopping frees its port and its data within this time. */
const waitSeconds = 5;

/**
 * Starts a system. If its port or its data are in use, tries again for 5 s, because the system
 * before it may still be stopping: at SIGTERM npm ends before the program that it runs. Rejects
 * with the last attempt's error, or with the signal's reason.
 */
export async function startWhenFree<Started>(
  start: () => Promise<Started>,
  signal: AbortSignal,
): Promise<Started> {
  const end = performance.now() + waitSeconds * 1000;
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const used = usedBy(error);
      if (used === undefined || performance.now() > end) throw error;
      if (attempt === 1) console.warn(`${used} is in use: waiting up to ${waitSeconds} s for it`);
      await pause(retryMilliseconds, undefined, { signal });
    }
  }
}

/** What another process uses, if that is why a start has failed. */
function usedBy(error: unknown): string | undefined {
  if (error instanceof DataDirectoryBusy) return "The data";
  const { code, port } = (error ?? {}) as NodeJS.ErrnoException & { port?: number };
  return code === "EADDRINUSE" ? `Port ${port}` : undefined;
}
