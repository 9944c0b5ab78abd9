/**
 * Waits until all have settled, even if one fails, so that nothing is still running when a retry
 * begins. Returns the results; throws the first failure.
 */
export async function allDone<Result>(works: readonly Promise<Result>[]): Promise<Result[]> {
  const results = await Promise.allSettled(works);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/** How long to wait for the last few posts of a room, in milliseconds. */
export const stragglersMilliseconds = 250;

/** Returns the result of some work, or `late` if it takes longer than `milliseconds`. */
export async function answerWithin<Answer, Late>(
  milliseconds: number,
  work: Promise<Answer>,
  late: Late,
): Promise<Answer | Late> {
  let timer: NodeJS.Timeout | undefined;
  const waiting = new Promise<Late>((done) => {
    timer = setTimeout(() => done(late), milliseconds);
  });
  try {
    return await Promise.race([work, waiting]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}

/**
 * Waits for some work, at most `milliseconds`. After that it continues in the background and its
 * outcome is ignored.
 */
export const waitAtMost = (milliseconds: number, work: Promise<unknown>): Promise<unknown> =>
  answerWithin(milliseconds, work, undefined);
