import { BoundedMap, cachedEach, isRecent } from "./caches.ts";

/** Like `cachedEach` for a single result. */
export function cached<Value>(
  milliseconds: number,
  make: (now: Date) => Promise<Value>,
): (now: Date) => Promise<Value> {
  const one = cachedEach(milliseconds, 1, (_name: "only", now) => make(now));
  return (now) => one("only", now);
}

/** Lists above this length are cached for 5 s, at most four of them. */
const longMin = 1_000;
const longMilliseconds = 5_000;
const longListsMax = 4;

/**
 * Caches long lists of a read function for 5 s, so that a caller who requests one twenty times a
 * second does not exhaust its key's throughput. `about` is the length of the cached list that has
 * expired, 0 without one. `onRead` gets the length of a list that was read instead of cached.
 */
export function cachedIfLong<One>(
  read: (id: string, now: Date, about: number) => Promise<readonly One[]>,
): (
  id: string,
  now: Date,
  onRead?: (length: number) => Promise<unknown>,
) => Promise<readonly One[]> {
  const known = new BoundedMap<string, { at: number; list: readonly One[] }>(longListsMax);
  return async (id, now, onRead) => {
    const before = known.get(id);
    if (before !== undefined && isRecent(before.at, now.getTime(), longMilliseconds))
      return before.list;
    const list = await read(id, now, before?.list.length ?? 0);
    known.delete(id);
    if (list.length > longMin) known.set(id, { at: now.getTime(), list });
    await onRead?.(list.length);
    return list;
  };
}
