import { anonymize } from "../../domain/people/anonymize.ts";
import { setting } from "../runtime/env.ts";
import { conflicted, retryOnConflict } from "../table/conflicts.ts";
import { getRawItem, type Item, updateIf } from "../table/items.ts";
import type { Key } from "../table/keys.ts";

/** A value without this user's names and pictures, at any depth. */
export const withoutNames = <T>(value: T, userId: string): T =>
  anonymize(value, userId, setting("DEFAULT_PICTURE"));

/** Whether a value has this user's names or picture, at any depth. */
export const hasNames = (value: unknown, userId: string): boolean =>
  isOther(value, withoutNames(value, userId));

const isOther = (was: unknown, is: unknown) => JSON.stringify(was) !== JSON.stringify(is);

/**
 * Removes a user's names from some fields of an item, if it exists. Only fields that name the user
 * are written, and only if unchanged since the read: another user in the same field may be erased
 * at the same time, and their names must not be restored. `isRevised`: the item gets its next
 * revision in the same write, for items that others write whole under the revision that they read.
 */
export async function eraseNames(
  Key: Key,
  fields: readonly string[],
  userId: string,
  { isRevised = false } = {},
): Promise<void> {
  await retryOnConflict(async () => {
    const item = await getRawItem(Key, { consistent: true });
    const changes = item === undefined ? [] : changesOf(item, fields, userId);
    if (changes.length === 0) return undefined;
    const sets = changes.map(({ field }) => `#${field} = :${field}`);
    if (isRevised) sets.push("revision = revision + :one");
    const changed = await updateIf({
      Key,
      UpdateExpression: `SET ${sets.join(", ")}`,
      ConditionExpression: changes.map(({ field }) => `#${field} = :${field}Was`).join(" AND "),
      ExpressionAttributeNames: Object.fromEntries(
        changes.map(({ field }) => [`#${field}`, field]),
      ),
      ExpressionAttributeValues: Object.fromEntries([
        ...changes.flatMap(({ field, was, is }) => [
          [`:${field}`, is],
          [`:${field}Was`, was],
        ]),
        ...(isRevised ? [[":one", 1]] : []),
      ]),
    });
    return changed === undefined ? conflicted : undefined;
  });
}

/** The fields that name the user, as they are (`was`) and without the names (`is`). */
const changesOf = (item: Item, fields: readonly string[], userId: string) =>
  fields
    .map((field) => ({ field, was: item[field], is: withoutNames(item[field], userId) }))
    .filter(({ was, is }) => isOther(was, is));
