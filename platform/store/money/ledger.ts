import { createHash } from "node:crypto";
import {
  type ChainedEntry,
  chainText,
  type Entry,
  EntryItem,
  entriesOf,
  entriesOfItemMax,
  itemsOf,
} from "../../../domain/money/ledger.ts";
import { parseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";
import type { Action } from "../../table/transact.ts";

/**
 * The hash of an entry: SHA-256 of its text in base64url. The next entry and the wallet store it.
 */
export const hashOf = (entry: ChainedEntry): string =>
  createHash("sha256").update(chainText(entry)).digest("base64url");

/** Chains entries to a head; returns them and the new head. */
export function chain(
  head: string,
  entries: readonly Entry[],
): { chained: ChainedEntry[]; head: string } {
  const chained: ChainedEntry[] = [];
  let previous = head;
  for (const entry of entries) {
    const next = { ...entry, previous };
    chained.push(next);
    previous = hashOf(next);
  }
  return { chained, head: previous };
}

/**
 * The actions that write new entries, on the condition that their numbers are free. They are, since
 * the same transaction requires the wallet's revision.
 */
export const entryActions = (entries: readonly ChainedEntry[]): Action[] =>
  itemsOf(entries).map((item) => ({
    label: `entry:${item.userId}:${item.seq}`,
    Put: {
      Item: { ...key.entry(item.userId, item.seq), ...item },
      ConditionExpression: "attribute_not_exists(PK)",
    },
  }));

/** The entries in an item of the ledger, oldest first. Throws if it does not fit. */
export const readEntries = (item: Record<string, unknown>): ChainedEntry[] =>
  entriesOf(parseItem(EntryItem, item), hashOf);

/**
 * The entries of a wallet from number `low` to `high` (inclusive), oldest first, read consistently.
 * The first of them may be in an item that begins before it.
 */
export async function listEntries(
  userId: string,
  low: number,
  high: number,
): Promise<ChainedEntry[]> {
  if (high < low) return [];
  const first = Math.max(1, low - entriesOfItemMax + 1);
  const from = key.entry(userId, first);
  const walk = { limit: high - first + 1, consistent: true };
  const items = await queryRange(from, from.SK, key.entry(userId, high).SK, walk);
  return items.flatMap(readEntries).filter(({ seq }) => seq >= low && seq <= high);
}
