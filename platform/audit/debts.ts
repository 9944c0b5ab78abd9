import { Gift } from "../../domain/money/gift-item.ts";
import type { Entry } from "../../domain/money/ledger.ts";
import { isForFormerUser, Wallet } from "../../domain/money/wallet.ts";
import { millisecondsOfGift } from "../store/money/gifts.ts";
import type { Item } from "../table/items.ts";
import { moneyKindOf } from "../table/keys.ts";

/** A receiver who gave back credits of a gift that was sent at `sentAt` (ms since 1970). */
type Returned = { userId: string; sentAt: number };

/**
 * Compares the debts of wallets with what admins' refunds took from them: only an admin may leave a
 * debt, or free accounts could print credits (docs/decisions/gifts-and-wallets.md). A user neither
 * owes nor repays gifts of the former user of their sub. Items that do not fit their kind are
 * ignored here: `readItem` reports them.
 */
export function createDebts() {
  const owing: { wallet: Wallet; item: string }[] = [];
  /** Wallets whose former user has deleted the account, by user. */
  const inherited = new Map<string, Wallet>();
  const refunds: (Returned & { credits: number })[] = [];
  const reversals: (Returned & { seq: number; item: string })[] = [];

  function addGift(item: Item): void {
    const gift = Gift.safeParse(item).data;
    if (gift?.refundedBy?.role !== "admin") return;
    const sentAt = Date.parse(gift.createdAt);
    for (const { userId } of gift.receivers)
      refunds.push({ userId, sentAt, credits: gift.dueCredits });
  }

  function addWallet(item: Item): void {
    const wallet = Wallet.safeParse(item).data;
    if (wallet === undefined) return;
    if (wallet.owed > 0) owing.push({ wallet, item: nameOf(item) });
    if (wallet.leftAt !== undefined) inherited.set(wallet.userId, wallet);
  }

  function listUnexplainedDebts() {
    const taken = new Map<string, number>();
    for (const { userId, sentAt, credits } of refunds) {
      const wallet = inherited.get(userId);
      if (wallet !== undefined && isForFormerUser(wallet, sentAt)) continue;
      taken.set(userId, (taken.get(userId) ?? 0) + credits);
    }
    return owing.flatMap(({ wallet: { userId, owed }, item }) => {
      const rest = owed - (taken.get(userId) ?? 0);
      const problem = `owes ${owed}, of which no admin's refund explains ${rest}`;
      return rest > 0 ? [{ item, problem }] : [];
    });
  }

  const listInherited = () =>
    reversals.flatMap(({ userId, seq, sentAt, item }) => {
      const wallet = inherited.get(userId);
      if (wallet === undefined || !isForFormerUser(wallet, sentAt)) return [];
      const problem = `entry ${seq} is about a gift of the former user of ${userId}`;
      return seq > (wallet.since ?? 0) ? [{ item, problem }] : [];
    });

  return {
    add(item: Item, entries: readonly Entry[] = []): void {
      const { kind } = moneyKindOf(item);
      if (kind === "gift" && item.refundedBy !== undefined) addGift(item);
      if (kind === "wallet" && (item.owed !== 0 || item.leftAt !== undefined)) addWallet(item);
      for (const { userId, seq, type, giftId } of entries)
        if (type === "gift_refund_reversal" && giftId !== null)
          reversals.push({ userId, seq, sentAt: millisecondsOfGift(giftId), item: nameOf(item) });
    },
    /**
     * Wallets that owe more than admins' refunds took from them, and entries by which a user paid
     * for a gift of a former one.
     */
    listUnexplained: (): { item: string; problem: string }[] => [
      ...listUnexplainedDebts(),
      ...listInherited(),
    ],
  };
}

const nameOf = ({ PK, SK }: Item) => `${PK} ${SK}`;
