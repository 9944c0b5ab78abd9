import { type Balances, spendLimitOf } from "../../../domain/money/wallet.ts";
import { setting } from "../../env.ts";
import { sumPending } from "./due.ts";
import { findWallet } from "./wallets.ts";

/** What a user has, is about to receive, owes, and may spend in a day. */
export async function readBalances(userId: string): Promise<Balances> {
  // One after the other: what is settled in between is then in the balance rather than in neither.
  const pending = await sumPending(userId);
  const wallet = await findWallet(userId);
  const { balance, owed } = wallet;
  return {
    balance,
    pending,
    owed,
    spendLimit: spendLimitOf(wallet, { spendLimit: setting("SPEND_LIMIT") }),
  };
}
