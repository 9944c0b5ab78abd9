import * as z from "zod";
import { Amount } from "../credits.ts";
import { GiftId, GiftTypeId, StreamId, UserId } from "../id.ts";
import { Person, shortPerson, snapshotOf } from "../people/person.ts";
import { StreamUser, SuperlikeSnapshot, summaryOf } from "../people/user.ts";
import { rowsOf, shownText, shownUrl, Timestamp } from "../text.ts";

/**
 * The largest number of receivers of one gift. Its refund is one transaction of at most 100
 * actions: the sender's wallet and notification (two items: itself and its unread mark), TOTALS and
 * FAN, and for each receiver two of the sender's entries, a wallet, an entry, a share and a
 * notification. Entries share items, so this leaves some room.
 */
export const receiversMax = Math.floor((100 - 5) / 7);

/** The gift type's fields at the time when the gift was sent. */
const SentType = z.object({
  id: GiftTypeId,
  name: z.string(),
  creditAmount: Amount,
  svgUrl: z.string(),
});

/** The due mark: exists until the receiver has been credited, then is removed permanently. */
const due = {
  /** The receiver who has not been credited yet. */
  due: UserId.optional(),
  /** Credits due: 0 if a callback decided on the gift, so that no credits move here. */
  dueCredits: z.number().int().min(0),
};

/** The fields of a gift's item; values that most gifts share may be absent. */
const GiftItem = z.object({
  id: GiftId,
  kind: z.enum(["gift", "superlike", "pass"]),
  streamId: StreamId,
  /** The stream's host; absent if they are the first receiver. */
  hostId: UserId.optional(),
  sender: Person,
  receivers: z.array(Person).min(1),
  /** Absent for a superlike and a pass. */
  giftType: SentType.optional(),
  /** The quantity for each receiver. */
  count: z.number().int().min(1).default(1),
  combo: z.number().int().min(1).default(1),
  /** The first gift of its combo; absent on the first gift itself. */
  comboId: GiftId.optional(),
  /** Credits in total: unit price × count × receivers. */
  price: Amount,
  createdAt: Timestamp,
  ...due,
  /** False if a callback decided: counted and shown, but no credits moved. */
  charged: z.boolean().default(true),
  refundedAt: Timestamp.optional(),
  /** On a pass: its user deleted their account, and the pass with it. */
  isForfeit: z.literal(true).optional(),
  refundedBy: z.object({ role: z.enum(["host", "admin"]), userId: UserId }).optional(),
  /** On the first gift of a combo: the combo's final count and credits once it ended. */
  comboEnded: z.object({ count: z.number(), credits: z.number(), at: Timestamp }).optional(),
  /** 1, or 2 after a refund. Settling causes no event, so it leaves the revision unchanged. */
  revision: z.number().int(),
});

/**
 * A gift, a superlike, or the charge for a pass, which is never shown: one item with everything
 * that its event, settlement and refund need. Fan-out and settle read its image.
 */
export const Gift = GiftItem.transform(({ hostId, comboId, ...gift }) => ({
  ...gift,
  hostId: hostId ?? gift.receivers[0]!.userId,
  comboId: comboId ?? gift.id,
}));
export type Gift = z.infer<typeof Gift>;

/**
 * The gift in its item's form. Every started kilobyte costs two write units, and two more when the
 * gift is settled, so common values are left out: the names and pictures of two users need the
 * space.
 */
export function itemOf(gift: Gift): z.input<typeof GiftItem> {
  const { hostId, count, combo, comboId, charged, sender, receivers, ...rest } = gift;
  return {
    ...rest,
    sender: shortPerson(sender),
    receivers: receivers.map(shortPerson),
    ...(hostId !== receivers[0]?.userId && { hostId }),
    ...(count !== 1 && { count }),
    ...(combo !== 1 && { combo }),
    ...(comboId !== gift.id && { comboId }),
    ...(!charged && { charged }),
  };
}

/** What a further receiver of the same gift is owed: a separate item next to the gift. */
export const Share = z.object({
  id: GiftId,
  kind: z.literal("share"),
  /** 1, 2, … : the receiver's position in the gift's list. */
  part: z.number().int().min(1),
  streamId: StreamId,
  senderId: UserId,
  ...due,
});
export type Share = z.infer<typeof Share>;

/** The stream's gifts so far: their quantity (count × receivers) and price. */
const GiftTotals = z
  .object({ count: z.number().int().min(0), credits: z.number().int().min(0) })
  .meta({ id: "GiftTotals" });
type GiftTotals = z.infer<typeof GiftTotals>;

/** The data of the event `gift.sent`. */
export const GiftSent = z
  .object({
    id: GiftId,
    streamId: StreamId,
    giftType: z.object({
      id: GiftTypeId,
      name: shownText(100),
      creditAmount: Amount,
      svgUrl: shownUrl,
    }),
    count: z.number().int().min(1),
    combo: z.number().int().min(1),
    sender: StreamUser,
    receivers: rowsOf(StreamUser, receiversMax),
    totals: GiftTotals,
  })
  .meta({ id: "GiftSent" });
export type GiftSent = z.infer<typeof GiftSent>;

/** A superlike: the data of `superlike.sent`, and the response to the call that made it. */
export const Superlike = z
  .object({
    streamId: StreamId,
    senderId: UserId,
    senderSnapshot: SuperlikeSnapshot,
    price: Amount,
    timestamp: Timestamp,
  })
  .meta({ id: "Superlike" });
export type Superlike = z.infer<typeof Superlike>;

/** Credits that a refund returns: none if a callback decided, since none were moved here. */
export const refundedCredits = ({ charged, price }: Gift): number => (charged ? price : 0);

/** What a gift adds to the totals of its stream; superlikes and passes add nothing. */
export const addsToTotals = (gift: Gift): GiftTotals =>
  gift.kind === "gift"
    ? { count: gift.count * gift.receivers.length, credits: gift.price }
    : { count: 0, credits: 0 };

/** The data of the event of a gift. Throws for a superlike, which has no type. */
export function giftSentOf(gift: Gift, totals: GiftTotals, defaultPicture: string): GiftSent {
  const { id, streamId, giftType, count, combo, sender, receivers } = gift;
  if (giftType === undefined) throw new Error(`The gift ${id} has no type`);
  return {
    id,
    streamId,
    giftType,
    count,
    combo,
    sender: summaryOf(sender, defaultPicture),
    receivers: receivers.map((receiver) => summaryOf(receiver, defaultPicture)),
    totals,
  };
}

/** The response to the call that makes a superlike; its event has the same data. */
export function superlikeBy(
  sender: Person,
  { streamId, price, now }: { streamId: string; price: number; now: Date },
  defaultPicture: string,
): Superlike {
  const senderSnapshot = snapshotOf(sender, defaultPicture);
  const timestamp = now.toISOString();
  return { streamId, senderId: sender.userId, senderSnapshot, price, timestamp };
}

/** A gift in a list: its event's data, when it was sent, and when it was refunded. */
export const ListedGift = GiftSent.extend({
  createdAt: Timestamp,
  refundedAt: Timestamp.nullable(),
}).meta({ id: "ListedGift" });

/** The gift as lists show it. */
export function listedGiftOf(
  gift: Gift,
  totals: GiftTotals,
  defaultPicture: string,
): z.infer<typeof ListedGift> {
  const { createdAt, refundedAt = null } = gift;
  return { ...giftSentOf(gift, totals, defaultPicture), createdAt, refundedAt };
}

/** A superlike in a list: the response to the call that made it, and when it was refunded. */
export const ListedSuperlike = Superlike.extend({
  id: GiftId,
  refundedAt: Timestamp.nullable(),
}).meta({ id: "ListedSuperlike" });

/** The superlike as lists show it. */
export function listedSuperlikeOf(
  { id, streamId, sender, price, createdAt, refundedAt }: Gift,
  defaultPicture: string,
): z.infer<typeof ListedSuperlike> {
  const now = new Date(createdAt);
  const superlike = superlikeBy(sender, { streamId, price, now }, defaultPicture);
  return { id, ...superlike, refundedAt: refundedAt ?? null };
}
