import { type Caller, countedName } from "../auth/caller.ts";
import { countUse } from "../table/rates.ts";

/**
 * The number of streams for which a ping counts as one message more: it reads two items of each
 * stream, of up to four units.
 */
export const streamsPerMessage = 5;

/** Counts what a ping costs in addition to its message, on a connection with this many streams. */
export async function countPing(caller: Caller, streams: number, now: Date): Promise<void> {
  const more = Math.ceil(streams / streamsPerMessage);
  if (more > 0) await countUse("messages", countedName(caller), now, more);
}
