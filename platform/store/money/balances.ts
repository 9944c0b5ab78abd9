import { type Balances, spendLimitOf, type Wallet } from "../../../domain/money/wallet.ts";
import { setting } from "../../runtime/env.ts";
import { sumPending } from "./due.ts";
import { findWallet } from "./wallets.ts";

/** A user's balance, pending credits, debt and daily limit. */
export async function readBalances(userId: string): Promise<Balances> {
  const { wallet, pending } = await readWalletWithPending(userId);
  const { balance, owed } = wallet;
  return {
    balance,
    pending,
    owed,
    spendLimit: spendLimitOf(wallet, { spendLimit: setting("SPEND_LIMIT") }),
  };
}

/** For a wallet that is written continuously, the last of these reads counts. */
const readingsMax = 5;

/**
 * A wallet, and the credits pending at the same time: a gift settled meanwhile is in one of them,
 * not in both. An index cannot be read together with an item, so the wallet is read again until it
 * is unchanged around the read of the index. If that never happens, the latest settled gifts are in
 * both; they are never in neither. DynamoDB's index may lag slightly.
 */
export async function readWalletWithPending(
  userId: string,
): Promise<{ wallet: Wallet; pending: number }> {
  let pending = await sumPending(userId);
  let wallet = await findWallet(userId);
  // If nothing was due, gifts settled since can only be in the balance.
  for (let readings = 1; pending > 0 && readings < readingsMax; readings++) {
    const { revision } = wallet;
    pending = await sumPending(userId);
    wallet = await findWallet(userId);
    if (wallet.revision === revision) break;
  }
  return { wallet, pending };
}
