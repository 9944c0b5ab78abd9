import { getRawItem, keyText } from "../../table/items.ts";
import { endMarkShards, type Key, key } from "../../table/keys.ts";
import { readRecent } from "../../table/recent.ts";
import type { Action } from "../../table/transact.ts";

/** Marks are read by functions that cached the open state for seconds. */
const keptSeconds = 3600;

/**
 * Further actions of the transaction that ends a stream or a poll: a mark near each group of users
 * who like or vote, so that they need not all read the same item.
 */
export const endMarkActions = (id: string, now: Date): Action[] =>
  endMarkShards.map((shard) => {
    const expiresAt = Math.ceil(now.getTime() / 1000) + keptSeconds;
    return { Put: { Item: { ...key.over(id, shard), expiresAt } } };
  });

/** What is read, by whom and when; `id` is the id in its marks. */
type Use = { place: Key; id: string; userId: string; now: Date };

/**
 * Reads an item that one call ends for all, such as a stream or a poll, for one of the many users
 * who act on it: while it is open, from a read of this process in the last five seconds and the
 * mark near the user, which is read consistently. So an acknowledged end takes effect immediately.
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
