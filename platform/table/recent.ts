import { BoundedMap, isRecent } from "../runtime/caches.ts";

/** The last values read, by name, with the time of the reading call (milliseconds since 1970). */
export type RecentReads = Map<string, { at: number; value: unknown }>;

/** How long a value is reused: without `holds`, callers may see a change this late. */
const recentMilliseconds = 5_000;

const own: RecentReads = new BoundedMap(1_000);
let recentReads = () => own;

/** Replaces this process's cache: for simulations in which one process is many environments. */
export function useRecentReads(of: () => RecentReads): void {
  recentReads = of;
}

type Keeping<Value> = {
  /** Whether a value may be cached; by default each may. */
  keeps?: (value: Value) => boolean;
  /** Whether a cached value still holds, checked before each use. */
  holds?: () => Promise<boolean>;
};

/**
 * Reads a value that many callers need at the same time, and caches it for five seconds, so that
 * one key is not read for each of them. The value must not be changed.
 */
export async function readRecent<Value>(
  name: string,
  now: Date,
  read: () => Promise<Value>,
  { keeps = () => true, holds = async () => true }: Keeping<Value> = {},
): Promise<Value> {
  const found = recentReads().get(name);
  const isKept = found !== undefined && isRecent(found.at, now.getTime(), recentMilliseconds);
  if (isKept && (await holds())) return found.value as Value;
  const value = await read();
  if (keeps(value)) recentReads().set(name, { at: now.getTime(), value });
  return value;
}
