/** How long posts are waited for that nobody else waits for, in milliseconds. */
export const stragglersMilliseconds = 250;

/**
 * Waits for some work, but no longer than so many milliseconds: it goes on by itself then, and
 * nobody hears how it ends.
 */
export async function waitAtMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, milliseconds);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
