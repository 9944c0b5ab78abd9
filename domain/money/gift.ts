import * as z from "zod";
import { amountMax, ExpectedPrice } from "../credits.ts";
import { GiftTypeId, StreamId } from "../id.ts";
import { type Person, personOf, personOfSummary } from "../people/person.ts";
import { type RefusalCode, refuse } from "../refusal.ts";
import { shownIn, withRole } from "../streams/display-names.ts";
import { assertAdmitted, assertNotBlocked, type Member } from "../streams/member.ts";
import { assertLive, type Stream } from "../streams/stream.ts";
import { withDefault } from "../text.ts";
import { countCombo } from "./combo.ts";
import type { Gift, Share } from "./gift-item.ts";
import { assertActive, type GiftType } from "./gift-type.ts";
import {
  countSpending,
  type Draft,
  debit,
  draftOf,
  type SpendLimits,
  spend,
  type Wallet,
} from "./wallet.ts";

/** The largest quantity of one gift for each receiver. */
export const countMax = 1_000_000;

/**
 * The inputs of a decision on a gift. All are read consistently, and the decision holds as of then.
 */
export type GiftContext = {
  stream: Stream;
  /** The sender as a member of the stream; usually undefined. */
  member: Member | undefined;
  /** The roles in the sender's token; undefined if an application sends on their behalf. */
  roles?: readonly string[] | undefined;
  sender: Person;
  wallet: Wallet;
  limits: SpendLimits;
  /** The id of the gift. */
  id: string;
  now: Date;
};

/** The gift, and the new state of the sender's wallet. */
export type GiftDecision = {
  gift: Gift;
  draft: Draft;
  context: GiftContext;
  /** Decides again after an input has changed. */
  again: (context: GiftContext) => GiftDecision;
};

/** Every refusal that a gift can meet once its stream is found. */
export const givingRefusals = [
  "gift_type_not_found",
  "user_not_found",
  "member_blocked",
  "pass_required",
  "gift_to_oneself",
  "stream_not_live",
  "gifts_switched_off",
  "gift_type_inactive",
  "price_too_high",
  "credits_too_low",
  "spend_limit_reached",
] as const satisfies readonly RefusalCode[];

/** Every refusal that a gift can meet. */
export const giftRefusals = ["stream_not_found", ...givingRefusals, "price_changed"] as const;

/**
 * Admission is checked first (blocked, pass), then ownership (oneself), then state (live, switch,
 * type, credits).
 */
function assertMayGive(context: GiftContext, receivers: readonly Person[]) {
  const { stream, member, roles, sender, now } = context;
  assertNotBlocked(member, now);
  assertAdmitted(stream, member, { userId: sender.userId, roles });
  if (receivers.some(({ userId }) => userId === sender.userId)) refuse("gift_to_oneself");
  assertLive(stream);
}

/** The largest quantity that a viewer may give in one call. */
const quantityMax = 999;
const quantityError = `expected a whole number from 1 to ${quantityMax}`;

/** A viewer's request to send a gift to a stream's host, optionally only at an expected price. */
export const GiftToHost = z.object({
  giftTypeId: GiftTypeId,
  liveStreamId: StreamId,
  // Not named `count`: old clients sent a meaningless `count` and must not be charged for it.
  quantity: withDefault(
    z
      .number({ error: quantityError })
      .int(quantityError)
      .min(1, quantityError)
      .max(quantityMax, quantityError)
      .optional(),
    1,
    "How many to send and pay for at once",
  ),
  expectedPrice: ExpectedPrice.optional().meta({
    description:
      "The total price that the viewer saw; if the price has changed, the gift is refused",
  }),
});

/** A gift as its sender requests it. */
export type GiftRequest = {
  giftType: GiftType;
  receivers: readonly Person[];
  /** The quantity for each receiver. */
  count: number;
  /** False if a callback decided: no credits move, but the gift counts and is shown. */
  charged: boolean;
  /** The price that the sender saw: the gift is refused at any other. */
  expectedPrice?: number | undefined;
};

/** Decides on a gift: `count` for each receiver, all paid for at once. */
export function decideGift(context: GiftContext, request: GiftRequest): GiftDecision {
  const { stream, sender, wallet, limits, id, now } = context;
  const { giftType, receivers, count, charged, expectedPrice } = request;
  assertMayGive(context, receivers);
  if (!stream.giftsEnabled) refuse("gifts_switched_off");
  assertActive(giftType);
  const share = giftType.creditAmount * count;
  const price = share * receivers.length;
  if (price > amountMax) refuse("price_too_high", { price });
  if (expectedPrice !== undefined && expectedPrice !== price)
    refuse("price_changed", { price, expectedPrice });
  const createdAt = now.toISOString();
  let draft = draftOf(wallet);
  if (charged) {
    if (wallet.balance < price) refuse("credits_too_low", { balance: wallet.balance, price });
    draft = countSpending(draft, price, now, limits);
    const facts = { streamId: stream.id, giftId: id, occurredAt: createdAt } as const;
    for (const { userId: counterpart } of receivers)
      draft = debit(draft, { type: "gift_spend", amount: share, counterpart, ...facts });
  }
  const { combo, combos } = countCombo(wallet.combos ?? [], {
    id,
    streamId: stream.id,
    giftTypeId: giftType.id,
    price,
    createdAt,
  });
  draft = { ...draft, after: { ...draft.after, combos } };
  const { id: typeId, name, creditAmount, svgUrl } = giftType;
  const dueCredits = charged ? share : 0;
  const gift: Gift = {
    id,
    kind: "gift",
    streamId: stream.id,
    hostId: stream.hostId,
    sender: personOf(shownIn(stream, sender, context.member, now)),
    receivers: receivers.map((to) => personOf(shownIn(stream, to, undefined, now))),
    giftType: { id: typeId, name, creditAmount, svgUrl },
    count,
    combo: combo.count,
    comboId: combo.id,
    price,
    createdAt,
    due: receivers[0]!.userId,
    dueCredits,
    charged,
    revision: 1,
  };
  return { gift, draft, context, again: (next) => decideGift(next, request) };
}

/** What the further receivers of a gift are owed. */
export function sharesOf({ id, streamId, sender, receivers, dueCredits }: Gift): Share[] {
  return receivers.slice(1).map(({ userId }, at) => ({
    id,
    kind: "share",
    part: at + 1,
    streamId,
    senderId: sender.userId,
    due: userId,
    dueCredits,
  }));
}

/** The stage's settings for superlikes, and for users without a picture. */
type SuperlikeTerms = { price: number; defaultPicture: string };

/** Decides on a superlike to the host: paid for like a gift, but not counted and in no combo. */
export function decideSuperlike(context: GiftContext, terms: SuperlikeTerms): GiftDecision {
  const { price, defaultPicture } = terms;
  const { stream, sender, wallet, now } = context;
  const host = personOfSummary(stream.host, defaultPicture);
  assertMayGive(context, [host]);
  if (wallet.balance < price) refuse("credits_too_low", { balance: wallet.balance, price });
  const paid = payHost(context, {
    kind: "superlike",
    entry: "superlike_spend",
    price,
    sender: shownIn(stream, sender, context.member, now),
    host: withRole(stream, host),
  });
  return { ...paid, context, again: (next) => decideSuperlike(next, terms) };
}

/** A payment to the host alone: what it is for, and both people as shown. */
type Payment = {
  kind: "superlike" | "pass";
  entry: "superlike_spend" | "stream_charge";
  price: number;
  sender: Person;
  host: Person;
};

/** Charges the sender, and makes the gift that credits the host. */
export function payHost(
  { stream, wallet, limits, id, now }: GiftContext,
  { kind, entry, price, sender, host }: Payment,
): Pick<GiftDecision, "gift" | "draft"> {
  const createdAt = now.toISOString();
  const facts = { counterpart: host.userId, streamId: stream.id, giftId: id };
  const charge = { type: entry, amount: price, ...facts, occurredAt: createdAt };
  const draft = spend(wallet, charge, now, limits);
  const gift: Gift = {
    id,
    kind,
    streamId: stream.id,
    hostId: stream.hostId,
    sender: personOf(sender),
    receivers: [personOf(host)],
    count: 1,
    combo: 1,
    comboId: id,
    price,
    createdAt,
    due: host.userId,
    dueCredits: price,
    charged: true,
    revision: 1,
  };
  return { gift, draft };
}
