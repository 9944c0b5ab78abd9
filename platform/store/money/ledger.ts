import { createHash } from "node:crypto";
import { type ChainedEntry, chainText, type Entry } from "../../../domain/money/ledger.ts";
import { key } from "../../table/keys.ts";
import type { Action } from "../../table/transact.ts";

/**
 * The hash of an entry: SHA-256 of its text in base64url. The next entry and the wallet carry it.
 */
export const hashOf = (entry: ChainedEntry): string =>
  createHash("sha256").update(chainText(entry)).digest("base64url");

/** Chains entries to a head; answers them and the new head. */
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
 * Writes an entry that must be new: the lock of the wallet has made sure that its number is free.
 */
export const entryAction = (entry: ChainedEntry): Action => ({
  label: `entry:${entry.userId}:${entry.seq}`,
  Put: {
    Item: { ...key.entry(entry.userId, entry.seq), ...entry },
    ConditionExpression: "attribute_not_exists(PK)",
  },
});
