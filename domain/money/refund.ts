import { makeNotification, type StoredNotification } from "../people/notification.ts";
import { refuse } from "../refusal.ts";
import { type Gift, refundedCredits, type Share } from "./gift-item.ts";
import {
  clawBack,
  credit,
  creditFormerUser,
  type Draft,
  draftOf,
  isForFormerUser,
  uncountSpending,
  type Wallet,
} from "./wallet.ts";

/** Wallets that a refund changes: the sender's, and those of all receivers by id. */
type RefundWallets = { sender: Wallet; receivers: ReadonlyMap<string, Wallet> };

/** Each receiver's part of a gift, in the order of its receivers. */
const partsOf = (gift: Gift, shares: readonly Share[]) =>
  gift.receivers.map(({ userId }, at) => ({
    userId,
    credits: at === 0 ? gift.dueCredits : (shares.find(({ part }) => part === at)?.dueCredits ?? 0),
  }));

/**
 * The user who refunds. A host returns what they received; an admin takes it back from any receiver
 * and may leave a debt. The gift records the user; an automatic refund records none. The audit
 * reports debts that no admin's refund explains.
 */
export type Refunder = { role: "host" | "admin"; userId: string };

/**
 * A host may refund only what they alone received, since they may not take from other users'
 * wallets. Refuses with `refund_not_yours`.
 */
export function assertMayRefund({ hostId, receivers }: Gift, { role }: Refunder): void {
  const isOwn = receivers.every(({ userId }) => userId === hostId);
  if (role === "host" && !isOwn) refuse("refund_not_yours");
}

/**
 * Decides on a refund: the sender gets everything back, on the same day also the gift's part of the
 * daily spend limit. A host's balance must cover the refund: if hosts could owe what they have
 * spent, a sender, a host and a third account could hold the same credits twice, and accounts are
 * free. An admin takes from each receiver what is available; what a receiver has spent is owed and
 * repaid from whatever they receive next. If the sender has deleted their account since, the
 * credits are forfeited. If a receiver has, nothing covers the refund: their credits left with the
 * account, and the next user of their sub does not owe them. All receivers must have been credited
 * before. Refuses with `gift_already_refunded` and `refund_not_covered`.
 */
export function refundGift(
  gift: Gift,
  shares: readonly Share[],
  wallets: RefundWallets,
  by: Refunder,
  now: Date,
): Draft[] {
  if (gift.refundedAt !== undefined) refuse("gift_already_refunded");
  const facts = { streamId: gift.streamId, giftId: gift.id, occurredAt: now.toISOString() };
  const parts = partsOf(gift, shares).filter(({ credits }) => credits > 0);
  if (parts.length === 0) return [];
  const sentAt = Date.parse(gift.createdAt);
  const give = isForFormerUser(wallets.sender, sentAt) ? creditFormerUser : credit;
  let sender = uncountSpending(draftOf(wallets.sender), gift.price, gift.createdAt);
  for (const { userId: counterpart, credits: amount } of parts)
    sender = give(sender, { type: "gift_refund", amount, counterpart, ...facts });
  const counterpart = gift.sender.userId;
  const receivers = parts.map(({ userId, credits: amount }) => {
    const wallet = wallets.receivers.get(userId)!;
    if (isForFormerUser(wallet, sentAt)) refuse("refund_not_covered", { balance: 0, amount });
    const { balance } = wallet;
    if (by.role === "host" && balance < amount) refuse("refund_not_covered", { balance, amount });
    return clawBack(draftOf(wallet), {
      type: "gift_refund_reversal",
      amount,
      counterpart,
      ...facts,
    });
  });
  return [sender, ...receivers];
}

/** The notifications of a refund to the sender and each receiver, with ids from `newId`. */
export function refundNotices(gift: Gift, newId: () => string, now: Date): StoredNotification[] {
  const what = gift.kind === "gift" ? (gift.giftType?.name ?? "gift") : gift.kind;
  const title = gift.kind === "pass" ? "Pass refunded" : "Gift refunded";
  const credits = refundedCredits(gift);
  const metadata = { giftId: gift.id, streamId: gift.streamId, credits };
  const amount = credits > 0 ? `: ${credits} credits returned` : "";
  const notification = (userId: string, message: string) =>
    makeNotification(
      { userId, type: "system", category: "payments", title, message, metadata },
      newId(),
      now,
    );
  return [
    notification(gift.sender.userId, `Your ${what} was refunded${amount}`),
    ...gift.receivers.map(({ userId }) =>
      notification(userId, `A ${what} that you received was refunded to its sender`),
    ),
  ];
}
