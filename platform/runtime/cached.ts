import { BoundedMap } from "./bounded.ts";

/** What was made last, and when (milliseconds since 1970); several callers wait for one making. */
type Made<Value> = { at: number; value: Promise<Value> };

/**
 * Caches the result of `make` for some milliseconds, for all callers. After a failure the next
 * caller tries again.
 */
export function cached<Value>(
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

/** Lists above this length are cached for 5 s, at most four of them. */
const longMin = 1_000;
const longMilliseconds = 5_000;
const longListsMax = 4;

/**
 * Reads a list of something that has an id, and gives a long one again for some seconds: else who
 * asks for it twenty times a second uses up what its key carries. `about` is how long the list was
 * when this process last read it, 0 where it was short.
 */
export function cachedIfLong<One>(
  read: (id: string, now: Date, about: number) => Promise<readonly One[]>,
): (id: string, now: Date) => Promise<readonly One[]> {
  const known = new BoundedMap<string, { at: number; list: readonly One[] }>(longListsMax);
  return async (id, now) => {
    const before = known.get(id);
    if (before !== undefined && now.getTime() - before.at < longMilliseconds) return before.list;
    const list = await read(id, now, before?.list.length ?? 0);
    known.delete(id);
    if (list.length <= longMin) return list;
    known.set(id, { at: now.getTime(), list });
    return list;
  };
}
