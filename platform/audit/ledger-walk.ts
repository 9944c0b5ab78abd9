import { type Fact, factsOfHead } from "../../domain/money/audit.ts";
import type { ChainedEntry } from "../../domain/money/ledger.ts";
import { hashOf } from "../store/money/ledger.ts";

/**
 * Walks ledgers one after the other, each in the order of its numbers, and checks each entry
 * against the previous one: number, hash, balance. It keeps one entry in memory.
 */
export function createLedgerWalk() {
  let last: ChainedEntry | undefined;
  let hash = "";

  /** Ends the current ledger. Its last hash is the one that the wallet must hold. */
  function end(): Fact[] {
    const final = last;
    last = undefined;
    return final === undefined ? [] : factsOfHead(final.userId, hash);
  }

  /** Problems of an entry, compared with the previous one. */
  function check(entry: ChainedEntry): string[] {
    const before = last;
    const seq = before?.seq ?? 0;
    const balance = before?.balanceAfter ?? 0;
    const previous = before ? hash : "";
    const problems: string[] = [];
    if (entry.seq !== seq + 1) problems.push(`follows entry ${seq}: entries are missing`);
    else if (entry.previous !== previous)
      problems.push(`does not follow the entry before it: one of them was changed`);
    if (entry.seq === seq + 1 && entry.balanceAfter !== balance + entry.amount)
      problems.push(`balance after ${entry.balanceAfter} is not ${balance} + ${entry.amount}`);
    last = entry;
    hash = hashOf(entry);
    return problems;
  }

  return {
    end,
    /**
     * Problems of one item's entries, each compared with the previous one, and the facts of the
     * previous ledger's end if this item begins another ledger.
     */
    next(entries: readonly ChainedEntry[]): { problems: string[]; facts: Fact[] } {
      const facts = last?.userId === entries[0]?.userId ? [] : end();
      return { problems: entries.flatMap(check), facts };
    },
  };
}
