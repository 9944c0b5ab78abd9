import { Amount } from "../credits.ts";
import type { Proceeds } from "../streams/funding.ts";
import type { Member } from "../streams/member.ts";
import { addsToTotals, type Gift, type Share } from "./gift-item.ts";
import { releasedReference } from "./held-gift.ts";
import type { Entry, EntryType } from "./ledger.ts";
import type { Wallet } from "./wallet.ts";

/**
 * One side of a balance: the amounts of all facts with the same `key` must sum to zero, whichever
 * items state them. For example, an entry states the same fact as its gift, with the opposite sign.
 * So one pass over all items, in any order, checks them against each other.
 */
export type Fact = { key: string; amount: number };

/** Credits issued + owed = balances + pending + held + paid out. */
const conservation = "credits issued and owed, against balances, pending, held and paid out";

const fact = (key: string, amount: number): Fact => ({ key, amount });

/** What a wallet states: its balance, number of entries, newest hash and debt. */
export const factsOfWallet = ({ userId, balance, owed, seq, head }: Wallet): Fact[] => [
  fact(`balance of ${userId}`, balance),
  fact(`number of entries of ${userId}`, seq),
  fact(`debt of ${userId}`, owed),
  ...(seq > 0 ? [fact(`newest entry of ${userId} ${head}`, 1)] : []),
  fact(conservation, -balance + owed),
];

/** The last entry of a ledger is the one whose hash the wallet holds. */
export const factsOfHead = (userId: string, hash: string): Fact[] => [
  fact(`newest entry of ${userId} ${hash}`, -1),
];

/**
 * What an entry states, to match the wallet, the gift, the transfer or the reference.
 */
export function factsOfEntry(entry: Entry): Fact[] {
  const { userId, amount } = entry;
  const all = [
    fact(`balance of ${userId}`, -amount),
    fact(`number of entries of ${userId}`, -1),
    ...otherSide(entry),
  ];
  const isIssued = entry.type === "top_up" || entry.type === "credit_purchase";
  if (isIssued || entry.type === "payout") all.push(fact(conservation, amount));
  return all;
}

function otherSide(entry: Entry): Fact[] {
  const { userId, type, amount, counterpart, streamId, giftId, reference, occurredAt } = entry;
  const debit = debitFact(giftId ?? "", userId, counterpart ?? "", -amount);
  switch (type) {
    case "gift_spend":
    case "superlike_spend":
    case "stream_charge":
      return [debit];
    case "gift_revenue":
    case "superlike_revenue":
    case "stream_revenue":
      return [creditFact(giftId ?? "", counterpart ?? "", userId, amount)];
    case "gift_refund":
      // A gift that was held and never sent leaves only debits to match.
      if (reference === releasedReference) return [debit];
      return [fact(`refund of gift ${giftId} to ${userId} from ${counterpart}`, amount)];
    case "gift_refund_reversal":
      return [fact(`debt of ${userId}`, -amount)];
    case "stream_funding_contribution":
      return [fact(`contribution of ${userId} to stream ${streamId}`, -amount)];
    case "stream_funding_refund":
      return [fact(`contribution of stream ${streamId} returned to ${userId}`, amount)];
    case "credit_transfer_sent":
      return [fact(`transfer of ${userId} to ${counterpart} at ${occurredAt}`, amount)];
    case "credit_transfer_received":
      return [fact(`transfer of ${counterpart} to ${userId} at ${occurredAt}`, amount)];
    case "top_up":
    case "payout":
      return [fact(`reference ${reference} of ${userId}`, Math.abs(amount))];
    case "credit_purchase":
      return [];
  }
}

/** The types of entries that add credits; all others remove them. */
const additions: readonly EntryType[] = [
  ...(["credit_purchase", "top_up", "credit_transfer_received", "gift_refund"] as const),
  ...(["gift_revenue", "superlike_revenue", "stream_revenue", "stream_funding_refund"] as const),
];

/**
 * Inconsistencies among an entry's own fields. Facts alone do not reveal a movement in the wrong
 * direction, since its two sides agree with each other.
 */
export function problemsOfEntry({ seq, type, amount }: Entry): string[] {
  const isOutOfBounds = !Amount.safeParse(Math.abs(amount)).success;
  const isReversed = additions.includes(type) !== amount > 0;
  return [
    ...(isOutOfBounds ? [`amount ${amount} is out of bounds`] : []),
    ...(isReversed ? [`entry ${seq}: a ${type} of ${amount}`] : []),
  ];
}

/** A reference used by a top-up or payout of this amount. */
export const factsOfReference = (userId: string, reference: string, amount: number): Fact[] => [
  fact(`reference ${reference} of ${userId}`, -amount),
];

/**
 * What a gift states about money: each receiver's part was debited and credited, and possibly
 * refunded.
 */
export function factsOfGift(gift: Gift): Fact[] {
  const { id, sender, receivers, dueCredits: credits, refundedAt } = gift;
  const parts = receivers.slice(1).map((_, at) => partFact(id, at + 1, credits));
  if (credits === 0) return parts;
  const money = receivers.flatMap(({ userId }) => [
    debitFact(id, sender.userId, userId, -credits),
    creditFact(id, sender.userId, userId, -credits),
    ...(refundedAt === undefined
      ? []
      : [
          fact(`refund of gift ${id} to ${sender.userId} from ${userId}`, -credits),
          fact(`debt of ${userId}`, -credits),
        ]),
  ]);
  return [...parts, ...money];
}

/** A pass belongs to a charge that was not refunded, and each such charge belongs to a pass. */
const passFact = (streamId: string, userId: string, giftId: string, amount: 1 | -1) =>
  fact(`pass of ${userId} in stream ${streamId} by charge ${giftId}`, amount);

/** What a charge states about the pass that it paid for. */
export const factsOfCharge = (gift: Gift): Fact[] =>
  gift.kind !== "pass" || gift.refundedAt !== undefined || gift.isForfeit === true
    ? []
    : [passFact(gift.streamId, gift.sender.userId, gift.id, 1)];

/** What a member of a stream states about their pass and their contributions. */
export function factsOfMember(streamId: string, member: Member): Fact[] {
  const { userId, pass, contributed: credits, returnedAt } = member;
  const passes = pass === undefined ? [] : [passFact(streamId, userId, pass.giftId, -1)];
  if (credits === undefined) return passes;
  const given = [
    fact(`contribution of ${userId} to stream ${streamId}`, -credits),
    fact(`escrow of stream ${streamId}`, credits),
  ];
  const returned = [
    fact(`contribution of stream ${streamId} returned to ${userId}`, -credits),
    fact(conservation, credits),
  ];
  return [...passes, ...given, ...(returnedAt === undefined ? [] : returned)];
}

/** What a shard of an escrow states: its contributions are held, or all of them are the host's. */
export const factsOfEscrow = (streamId: string, amount: number, isHosts: boolean): Fact[] => [
  fact(`escrow of stream ${streamId}`, -amount),
  isHosts ? fact(`proceeds of stream ${streamId}`, -amount) : fact(conservation, -amount),
];

/** What a host receives from an escrow. */
export const factsOfProceeds = ({ id, streamId, hostId, due, dueCredits }: Proceeds): Fact[] => [
  fact(`proceeds of stream ${streamId}`, dueCredits),
  creditFact(id, "", hostId, -dueCredits),
  ...(due === undefined ? [] : factsOfDue(id, "", due, dueCredits)),
];

/** A held gift was debited, and its credits belong to nobody yet. */
export const factsOfHeld = ({ id, sender, receivers, dueCredits, price }: Gift): Fact[] => [
  ...receivers.map(({ userId }) => debitFact(id, sender.userId, userId, -dueCredits)),
  fact(conservation, -price),
];

const debitFact = (giftId: string, sender: string, receiver: string, amount: number) =>
  fact(`debit of ${sender} for gift ${giftId} to ${receiver}`, amount);

const creditFact = (giftId: string, sender: string, receiver: string, amount: number) =>
  fact(`credit of ${receiver} for gift ${giftId} of ${sender}`, amount);

/** An amount due has not been credited yet: it is pending. */
export const factsOfDue = (giftId: string, senderId: string, receiver: string, credits: number) => [
  creditFact(giftId, senderId, receiver, credits),
  fact(conservation, -credits),
];

/** A further receiver's share and its gift each state the share once. */
const partFact = (giftId: string, part: number, credits: number) =>
  fact(`part ${part} of gift ${giftId}`, credits + 1);

/** A further receiver's share: the counterpart of what its gift states. */
export const factOfShare = ({ id, part, dueCredits }: Share): Fact => {
  const { key, amount } = partFact(id, part, dueCredits);
  return fact(key, -amount);
};

/** What a gift adds to the folded totals of its stream and to its sender's rank among the fans. */
export function factsOfFold(gift: Gift): Fact[] {
  const { streamId, sender, giftType } = gift;
  const isCounted = gift.due === undefined && gift.refundedAt === undefined;
  if (giftType === undefined || !isCounted) return [];
  const { count, credits } = addsToTotals(gift);
  return [
    ...sumFacts(`stream ${streamId}`, { gifts: -1, count: -count, credits: -credits }),
    fact(`stream ${streamId}: count of type ${giftType.id}`, -count),
    ...sumFacts(`fan ${sender.userId} of stream ${streamId}`, {
      gifts: -1,
      count: -count,
      credits: -credits,
    }),
  ];
}

/** Folded sums of a stream, or of one sender in it. */
export const sumFacts = (
  of: string,
  { gifts, count, credits }: { gifts: number; count: number; credits: number },
): Fact[] => [
  fact(`${of}: gifts`, gifts),
  fact(`${of}: count`, count),
  fact(`${of}: credits`, credits),
];

/** The number of gifts of one type folded into a stream's totals. */
export const factOfType = (streamId: string, giftTypeId: string, count: number): Fact =>
  fact(`stream ${streamId}: count of type ${giftTypeId}`, count);

/**
 * Each gift and each refund has one event, which one frame of its stream covers. Frames are kept
 * for a day, so only gifts of the last day are checked.
 */
export const eventFact = (
  { streamId, giftId, isRefund }: { streamId: string; giftId: string; isRefund: boolean },
  amount: 1 | -1,
): Fact =>
  fact(`event of ${isRefund ? "the refund of " : ""}gift ${giftId} in stream ${streamId}`, amount);

/** Inconsistencies among a gift's own fields: its price and the part of each receiver. */
export function problemsOfGift(gift: Gift): string[] {
  const { giftType, count, receivers, price, charged, dueCredits } = gift;
  const unit = giftType === undefined ? price : giftType.creditAmount * count;
  const problems: string[] = [];
  if (unit * receivers.length !== price)
    problems.push(`price ${price} is not ${unit} for each of ${receivers.length} receivers`);
  if (dueCredits !== (charged ? unit : 0))
    problems.push(`dueCredits ${dueCredits} is not the receiver's part of ${charged ? unit : 0}`);
  return problems;
}
