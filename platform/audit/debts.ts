import { Gift } from "../../domain/money/gift-item.ts";
import { Wallet } from "../../domain/money/wallet.ts";
import type { Item } from "../table/items.ts";
import { moneyKindOf } from "../table/keys.ts";

/**
 * Compares the debts of wallets with what admins' refunds took from them: only an admin may leave a
 * debt, or free accounts could print credits (docs/decisions/gifts-and-wallets.md). An item that
 * does not fit its kind explains nothing; it is reported when it is read.
 */
export function createDebts() {
  const owing = new Map<string, { owed: number; item: string }>();
  const refunded = new Map<string, number>();

  function addGift(item: Item): void {
    const gift = Gift.safeParse(item).data;
    if (gift?.refundedBy?.role !== "admin") return;
    for (const { userId } of gift.receivers)
      refunded.set(userId, (refunded.get(userId) ?? 0) + gift.dueCredits);
  }

  return {
    add(item: Item): void {
      const { kind } = moneyKindOf(item);
      if (kind === "gift" && item.refundedBy !== undefined) addGift(item);
      if (kind !== "wallet" || item.owed === 0) return;
      const wallet = Wallet.safeParse(item).data;
      if (wallet === undefined) return;
      owing.set(wallet.userId, { owed: wallet.owed, item: `${item.PK} ${item.SK}` });
    },
    /** Wallets that owe more than admins' refunds took from them. */
    listUnexplained: (): { item: string; problem: string }[] =>
      [...owing].flatMap(([userId, { owed, item }]) => {
        const taken = refunded.get(userId) ?? 0;
        const problem = `owes ${owed}, of which no admin's refund explains ${owed - taken}`;
        return owed > taken ? [{ item, problem }] : [];
      }),
  };
}
