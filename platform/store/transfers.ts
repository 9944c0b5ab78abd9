import type { Transferred } from "../../domain/transfer.ts";
import { credit, debit, draftOf } from "../../domain/wallet.ts";
import type { Reply } from "./record.ts";
import { commit, findWallet } from "./wallets.ts";

/**
 * Moves credits from one user to another: both wallets and their entries in one transaction.
 * Refuses with `credits_too_low`. The two must be different.
 */
export async function transfer(
  given: { senderId: string; recipientId: string; amount: number; now: Date },
  once: (answer: Transferred) => Reply<Transferred>,
): Promise<Transferred> {
  const { senderId, recipientId, amount, now } = given;
  const occurredAt = now.toISOString();
  const wallets = await Promise.all([senderId, recipientId].map(findWallet));
  return commit(wallets, ([from, to]) => {
    const sender = debit(draftOf(from!), {
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
      recipientBalance: recipient.after.balance,
    };
    return { drafts: [sender, recipient], reply: once(answer) };
  });
}
