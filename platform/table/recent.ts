import { BoundedMap } from "../runtime/bounded.ts";

/** What was read last under a name, and by a call of which time (milliseconds since 1970). */
export type RecentReads = Map<string, { at: number; value: unknown }>;

/** How long a value is used again. A deployment may run old code for as long beside new. */
const recentMilliseconds = 5_000;

const own: RecentReads = new BoundedMap(1_000);
let recentReads = () => own;

/** Replaces this process's memory: for simulations in which one process is many environments. */
export function useRecentReads(of: () => RecentReads): void {
  recentReads = of;
}

type Keeping<Value> = {
  /** Whether a value may be used again; by default each may. */
  keeps?: (value: Value) => boolean;
  /** Whether a value that is kept still holds, asked before each use. */
  holds?: () => Promise<boolean>;
};

/**
 * Reads what many callers want at the same time, and uses the value again for five seconds, so that
 * one key is not read once for each of them. Nobody may change the value.
 */
export async function readRecent<Value>(
  name: string,
  now: Date,
  read: () => Promise<Value>,
  { keeps = () => true, holds = async () => true }: Keeping<Value> = {},
): Promise<Value> {
  const found = recentReads().get(name);
  const isRecent = found !== undefined && now.getTime() - found.at < recentMilliseconds;
  if (isRecent && (await holds())) return found.value as Value;
  const value = await read();
  if (keeps(value)) recentReads().set(name, { at: now.getTime(), value });
  return value;
}
