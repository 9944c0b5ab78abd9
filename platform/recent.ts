/** What was made last, and when (milliseconds since 1970); several callers wait for one making. */
type Made<Value> = { at: number; value: Promise<Value> };

/**
 * Makes something at most so often: what was made last is given again for a while, to everybody
 * who asks. A making that fails is tried again by the next.
 */
export function recent<Value>(
  milliseconds: number,
  make: (now: Date) => Promise<Value>,
): (now: Date) => Promise<Value> {
  let made: Made<Value> | undefined;
  return (now) => {
    if (made !== undefined && now.getTime() - made.at < milliseconds) return made.value;
    const begun: Made<Value> = { at: now.getTime(), value: make(now) };
    begun.value.catch(() => {
      if (made === begun) made = undefined;
    });
    made = begun;
    return begun.value;
  };
}
