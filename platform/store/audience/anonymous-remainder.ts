import { getRawItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import type { Action } from "../../table/transact.ts";

/**
 * The anonymous remainder of erased users' likes in a stream, or votes in a poll. Each number is a
 * separate field, so that many users can be erased concurrently.
 */
export type AnonymousRemainder = { count: number; parts: Map<string, number> };

const part = (name: string) => `part_${name}`;

/** Reads the remainder from its item; empty if nobody was erased. */
export function remainderOf(item: Record<string, unknown> | undefined): AnonymousRemainder {
  const rest: AnonymousRemainder = { count: Number(item?.count ?? 0), parts: new Map() };
  for (const [field, n] of Object.entries(item ?? {}))
    if (field.startsWith(part(""))) rest.parts.set(field.slice(part("").length), Number(n));
  return rest;
}

/** The remainder of erased users, read consistently; `id` is that of a stream or a poll. */
export const findRemainder = async (id: string): Promise<AnonymousRemainder> =>
  remainderOf(await getRawItem(key.crowdRest(id), { consistent: true }));

/** Adds what one erased user leaves: a count, and its parts by name; removes the parts `gone`. */
export function remainderAction(
  id: string,
  count: number,
  parts: readonly (readonly [name: string, n: number])[],
  gone: readonly string[] = [],
): Action {
  const fields: [string, number][] = [
    ["count", count],
    ...parts.map(([name, n]): [string, number] => [part(name), n]),
  ];
  const removed = gone.map((_, at) => `#g${at}`).join(", ");
  return {
    Update: {
      Key: key.crowdRest(id),
      UpdateExpression:
        `ADD ${fields.map((_, at) => `#f${at} :f${at}`).join(", ")}` +
        (gone.length > 0 ? ` REMOVE ${removed}` : ""),
      ExpressionAttributeNames: Object.fromEntries([
        ...fields.map(([field], at) => [`#f${at}`, field]),
        ...gone.map((name, at) => [`#g${at}`, part(name)]),
      ]),
      ExpressionAttributeValues: Object.fromEntries(fields.map(([, n], at) => [`:f${at}`, n])),
    },
  };
}
