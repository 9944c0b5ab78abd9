import type { Entry } from "../../domain/money/ledger.ts";
import type { Item } from "../table/items.ts";
import { moneyKindOf } from "../table/keys.ts";

/** The totals of a table, in credits except for the counts. */
export type Sums = {
  items: number;
  wallets: number;
  entries: number;
  gifts: number;
  issued: number;
  owed: number;
  /** Wallets with a debt. */
  debtors: number;
  balances: number;
  pending: number;
  /**
   * In gifts that are paid for and not sent yet, and in contributions to streams that have not
   * begun.
   */
  held: number;
  paidOut: number;
};

export const noSums = (): Sums => ({
  items: 0,
  wallets: 0,
  entries: 0,
  gifts: 0,
  issued: 0,
  owed: 0,
  debtors: 0,
  balances: 0,
  pending: 0,
  held: 0,
  paidOut: 0,
});

/**
 * Adds one item, and the entries in it. Values that are not numbers count as 0, and unreadable
 * entries are skipped: `readItem` reports both.
 */
export function addTo(sums: Sums, item: Item, entries: readonly Entry[] = []): void {
  const number = (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : 0);
  const { kind } = moneyKindOf(item);
  sums.items++;
  if (kind === "wallet") {
    sums.wallets++;
    sums.balances += number(item.balance);
    sums.owed += number(item.owed);
    if (number(item.owed) > 0) sums.debtors++;
  } else if (kind === "gift") {
    if (item.kind === "gift" || item.kind === "superlike") sums.gifts++;
    if (item.due !== undefined) sums.pending += number(item.dueCredits);
  } else if (kind === "escrow") {
    if (item.outcome !== "host") sums.held += number(item.amount);
  } else if (kind === "member") {
    if (item.returnedAt !== undefined) sums.held -= number(item.contributed);
  } else if (kind === "call" && item.held !== undefined) sums.held += number(item.dueCredits);
  for (const { type, amount } of entries) {
    sums.entries++;
    if (type === "top_up" || type === "credit_purchase") sums.issued += amount;
    if (type === "payout") sums.paidOut -= amount;
  }
}
