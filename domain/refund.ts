import type { Gift, Share } from "./gift.ts";
import { makeNotification, type StoredNotification } from "./notification.ts";
import { refuse } from "./refusal.ts";
import { credit, type Draft, draftOf, takeBack, type Wallet } from "./wallet.ts";

/** Wallets that a refund moves: the sender's, and those of all receivers by their id. */
type RefundWallets = { sender: Wallet; receivers: ReadonlyMap<string, Wallet> };

/** What each receiver got of a gift, in the order of its list. */
const partsOf = (gift: Gift, shares: readonly Share[]) =>
  gift.receivers.map(({ userId }, at) => ({
    userId,
    credits: at === 0 ? gift.dueCredits : (shares.find(({ part }) => part === at)?.dueCredits ?? 0),
  }));

/**
 * Decides on a refund: the sender gets all of it back, and from each receiver is taken what is
 * there; what they have spent is owed and repaid by whatever they receive next. Nothing may be due
 * any more. Refuses with `gift_already_refunded`.
 */
export function refundGift(
  gift: Gift,
  shares: readonly Share[],
  wallets: RefundWallets,
  now: Date,
): Draft[] {
  if (gift.refundedAt !== undefined) refuse("gift_already_refunded");
  const facts = { streamId: gift.streamId, giftId: gift.id, occurredAt: now.toISOString() };
  const moved = partsOf(gift, shares).filter(({ credits }) => credits > 0);
  if (moved.length === 0) return [];
  let sender = draftOf(wallets.sender);
  for (const { userId: counterpart, credits: amount } of moved)
    sender = credit(sender, { type: "gift_refund", amount, counterpart, ...facts });
  const counterpart = gift.sender.userId;
  const receivers = moved.map(({ userId, credits: amount }) =>
    takeBack(draftOf(wallets.receivers.get(userId)!), {
      type: "gift_refund_reversal",
      amount,
      counterpart,
      ...facts,
    }),
  );
  return [sender, ...receivers];
}

/** What the sender and each receiver are told of a refund. `newId` gives each its own id. */
export function refundNotices(gift: Gift, newId: () => string, now: Date): StoredNotification[] {
  const what = gift.kind === "superlike" ? "superlike" : (gift.giftType?.name ?? "gift");
  const metadata = { giftId: gift.id, streamId: gift.streamId, credits: gift.price };
  const tell = (userId: string, message: string) =>
    makeNotification(
      { userId, type: "system", category: "payments", title: "Gift refunded", message, metadata },
      newId(),
      now,
    );
  return [
    tell(gift.sender.userId, `Your ${what} was refunded: ${gift.price} credits came back`),
    ...gift.receivers.map(({ userId }) =>
      tell(userId, `A ${what} that you received was refunded to its sender`),
    ),
  ];
}
