import { randomBytes } from "node:crypto";
import { type Condition, isAbsent } from "../../table/items.ts";
import type { Key } from "../../table/keys.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";
import { traceAction } from "../streams/traces.ts";

/** Bytes of a change's id: enough to be unique among those that one log covers. */
const changeBytes = 9;

/** An id for one change of an item: the id of its record in the log. */
export const newChange = (): string => randomBytes(changeBytes).toString("base64url");

/** A user's like or vote in a stream, which only that user's calls change. */
type OwnItem = { userId: string; streamId: string; change: string };

/** Holds while an item is as it was read; if it was undefined, while there is none. */
const isUnchanged = (was: OwnItem | undefined): Condition =>
  was === undefined
    ? isAbsent
    : {
        ConditionExpression: "#change = :was",
        ExpressionAttributeNames: { "#change": "change" },
        ExpressionAttributeValues: { ":was": was.change },
      };

/**
 * Writes a user's item if it is unchanged since it was read as `was`; a first item together with a
 * trace for erasures. Returns false if the item has changed.
 */
export async function replaceOwn<T extends OwnItem>(
  place: Key,
  was: T | undefined,
  item: T,
  now: Date,
): Promise<boolean> {
  const failed = await commitTransaction([
    { label: "own", Put: { Item: { ...place, ...item }, ...isUnchanged(was) } },
    ...(was === undefined ? [traceAction(item.userId, item.streamId, now)] : []),
  ]);
  return failed === undefined;
}

/** Removes a user's item if it is unchanged since the read. */
export const removeOwn = (place: Key, was: OwnItem): Action => ({
  label: "own",
  Delete: { Key: place, ...isUnchanged(was) },
});
