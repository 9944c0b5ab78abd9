import type { Transferred } from "../../../domain/money/transfer.ts";
import { countSpending, credit, debit, draftOf } from "../../../domain/money/wallet.ts";
import { refuse } from "../../../domain/refusal.ts";
import type { Reply } from "../../table/record.ts";
import { spendLimits } from "./spend-limits.ts";
import { commit, findWallet } from "./wallets.ts";

/**
 * Moves credits from one user to another: both wallets and their entries in one transaction. It
 * counts towards the sender's rate and daily limit like a gift, which it could stand for. Refuses
 * with `credits_too_low`, `too_many_requests` or `spend_limit_reached`. The two must be different.
 */
export async function transfer(
  given: { senderId: string; recipientId: string; amount: number; now: Date },
  once: (answer: Transferred) => Reply<Transferred>,
): Promise<Transferred> {
  const { senderId, recipientId, amount, now } = given;
  const occurredAt = now.toISOString();
  const wallets = await Promise.all([senderId, recipientId].map(findWallet));
  return commit(wallets, ([from, to]) => {
    const { balance } = from!;
    if (balance < amount) refuse("credits_too_low", { balance, price: amount });
    const sender = debit(countSpending(draftOf(from!), amount, now, spendLimits()), {
      type: "credit_transfer_sent",
      amount,
      counterpart: recipientId,
      occurredAt,
    });
    const recipient = credit(draftOf(to!), {
      type: "credit_transfer_received",
      amount,
      counterpart: senderId,
      occurredAt,
    });
    const answer = {
      senderId,
      recipientId,
      transferredAmount: amount,
      senderBalance: sender.after.balance,
      recipientBalance: null,
    };
    return { drafts: [sender, recipient], reply: once(answer) };
  });
}
