/**
 * Waits until all are done, even when one fails: nothing may still be running when the next try
 * begins. Answers their results; throws the first failure.
 */
export async function allDone<Result>(works: readonly Promise<Result>[]): Promise<Result[]> {
  const results = await Promise.allSettled(works);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
