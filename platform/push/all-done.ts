/**
 * Waits until all are done, also when one fails: nothing may go on behind the back of the next try.
 * Answers what they answered; throws the first failure.
 */
export async function allDone<Result>(parts: readonly Promise<Result>[]): Promise<Result[]> {
  const results = await Promise.allSettled(parts);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
