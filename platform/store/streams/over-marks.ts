import { getCoalesced } from "../../table/coalesce.ts";
import { nameOf } from "../../table/items.ts";
import { type Key, key, overShards } from "../../table/keys.ts";
import { readRecent } from "../../table/recent.ts";
import type { Action } from "../../table/transact.ts";

/** Marks are looked for by functions that remember for seconds that it was open. */
const keptSeconds = 3600;

/**
 * What the transaction writes in addition that ends a stream or a poll: a mark near each of those
 * who like or vote, so that they need not all read the one item that says it.
 */
export const overActions = (id: string, now: Date): Action[] =>
  overShards.map((shard) => {
    const expiresAt = Math.ceil(now.getTime() / 1000) + keptSeconds;
    return { Put: { Item: { ...key.over(id, shard), expiresAt } } };
  });

/** What is read, by whom and when; `id` is what its marks have. */
type Use = { place: Key; id: string; userId: string; now: Date };

/**
 * Reads something that one call ends for all, such as a stream or a poll, for one of the many who
 * act on it: while it is open, from what this process read in the last five seconds and the mark
 * near the user, which is read consistently. So an end that was answered is seen at once.
 */
export function readWhileOpen<Thing>(
  { place, id, userId, now }: Use,
  read: () => Promise<Thing>,
  isOpen: (thing: Thing) => boolean,
): Promise<Thing> {
  return readRecent(nameOf(place), now, read, {
    keeps: isOpen,
    holds: async () => (await getCoalesced(key.overFor(id, userId))) === undefined,
  });
}
