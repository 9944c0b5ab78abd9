import { getRawItem, keyText } from "../../table/items.ts";
import { endMarkShards, type Key, key } from "../../table/keys.ts";
import { readRecent } from "../../table/recent.ts";
import type { Action } from "../../table/transact.ts";

/** Only functions that have cached the open state, for seconds, need the marks. */
const keptSeconds = 3600;

/**
 * Further actions of the transaction that ends a stream or a poll: a mark for each of four groups
 * of users who like or vote, so that they need not all read the same item.
 */
export const endMarkActions = (id: string, now: Date): Action[] =>
  endMarkShards.map((shard) => {
    const expiresAt = Math.ceil(now.getTime() / 1000) + keptSeconds;
    return { Put: { Item: { ...key.over(id, shard), expiresAt } } };
  });

/** The item to read, the id in its marks, the user for whom it is read, and when. */
type Use = { place: Key; id: string; userId: string; now: Date };

/**
 * Reads an item that one call ends for all, such as a stream or a poll, for one of the many users
 * who act on it. While it is open, a read of this process in the last five seconds is reused, but
 * the end mark of the user's group is read consistently: an acknowledged end takes effect at once.
 */
export function readWhileOpen<Thing>(
  { place, id, userId, now }: Use,
  read: () => Promise<Thing>,
  isOpen: (thing: Thing) => boolean,
): Promise<Thing> {
  return readRecent(keyText(place), now, read, {
    keeps: isOpen,
    holds: async () =>
      (await getRawItem(key.overFor(id, userId), { consistent: true })) === undefined,
  });
}
