import { randomBytes } from "node:crypto";
import type { Key } from "../../table/keys.ts";
import { commitTransaction } from "../../table/record.ts";
import { type Condition, isAbsent } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";
import { traceAction } from "../streams/traces.ts";

/** Bytes of a change's name: no two of those that one log covers are equal. */
const changeBytes = 9;

/** A name for one change of an item: the id of its record in the log. */
export const newChange = (): string => randomBytes(changeBytes).toString("base64url");

/** What a user has done in a stream: a like or a vote, which only that user's calls change. */
type OwnItem = { userId: string; streamId: string; change: string };

/** Holds while an item is as it was read; undefined: while there is none. */
const isUnchanged = (was: OwnItem | undefined): Condition =>
  was === undefined
    ? isAbsent
    : {
        ConditionExpression: "#change = :was",
        ExpressionAttributeNames: { "#change": "change" },
        ExpressionAttributeValues: { ":was": was.change },
      };

/**
 * Writes a user's item in place of the one that was read, and with a first one the trace that an
 * erasure follows. False if the item has changed since.
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

/** Removes a user's item if it is still the one that was read. */
export const removeOwn = (place: Key, was: OwnItem): Action => ({
  label: "own",
  Delete: { Key: place, ...isUnchanged(was) },
});
