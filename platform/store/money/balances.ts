import { type Balances, spendLimitOf, type Wallet } from "../../../domain/money/wallet.ts";
import { setting } from "../../runtime/env.ts";
import { sumPending } from "./due.ts";
import { findWallet } from "./wallets.ts";

/** What a user has, is about to receive, owes, and may spend in a day. */
export async function readBalances(userId: string): Promise<Balances> {
  const { wallet, pending } = await readWhole(userId);
  const { balance, owed } = wallet;
  return {
    balance,
    pending,
    owed,
    spendLimit: spendLimitOf(wallet, { spendLimit: setting("SPEND_LIMIT") }),
  };
}

/** Of a wallet that is written without a pause the last reading counts. */
const readingsMax = 5;

/**
 * A wallet, and the credits that are pending at the same moment: what is settled
 * meanwhile is in one of them, not in both. An index cannot be read together with an item, so the
 * wallet is read again until nobody has written it around the index. Where that never comes about,
 * what was settled last is in both; it is in neither never. DynamoDB's index may lag by a moment.
 */
export async function readWhole(userId: string): Promise<{ wallet: Wallet; pending: number }> {
  let pending = await sumPending(userId);
  let wallet = await findWallet(userId);
  // What is settled once nothing was due can be in the balance alone.
  for (let readings = 1; pending > 0 && readings < readingsMax; readings++) {
    const { revision } = wallet;
    pending = await sumPending(userId);
    wallet = await findWallet(userId);
    if (wallet.revision === revision) break;
  }
  return { wallet, pending };
}
