import type { Combo } from "./combo.ts";
import type { Gift } from "./gift-item.ts";
import {
  credit,
  creditFormerUser,
  type Draft,
  draftOf,
  isForFormerUser,
  uncountSpending,
  type Wallet,
} from "./wallet.ts";

/**
 * The reference of the entries that return a held gift: the audit uses it to match them with the
 * debits alone, since no gift exists that could state a refund.
 */
export const releasedReference = "refused";

/**
 * Returns a held gift to its sender in full: the credits, its share of the daily limit, and its
 * place in a combo. Nobody received anything, so no other wallet is involved. If the sender has
 * deleted their account since, the credits are forfeited.
 */
export function releaseHeldGift(wallet: Wallet, gift: Gift, now: Date): Draft {
  const { id: giftId, streamId, receivers, dueCredits: amount, price, createdAt } = gift;
  const facts = { streamId, giftId, reference: releasedReference, occurredAt: now.toISOString() };
  const move = isForFormerUser(wallet, Date.parse(createdAt)) ? creditFormerUser : credit;
  let draft = draftOf(wallet);
  for (const { userId: counterpart } of receivers)
    draft = move(draft, { type: "gift_refund", amount, counterpart, ...facts });
  draft = uncountSpending(draft, price, createdAt);
  const { combos } = draft.after;
  if (combos === undefined) return draft;
  return { ...draft, after: { ...draft.after, combos: withoutGift(combos, gift) } };
}

/** If its first gift is returned, a combo ends: the next gift begins another. */
const withoutGift = (combos: readonly Combo[], { id, comboId, price }: Gift): Combo[] =>
  combos.flatMap((combo) => {
    if (combo.id !== comboId) return [combo];
    if (combo.id === id) return [];
    return [{ ...combo, count: combo.count - 1, credits: combo.credits - price }];
  });
