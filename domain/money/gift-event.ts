import * as z from "zod";
import { Amount } from "../credits.ts";
import { GiftId, GiftTypeId, StreamId, UserId } from "../id.ts";
import { type Person, snapshotOf } from "../people/person.ts";
import { StreamUser, SuperlikeSnapshot, summaryOf } from "../people/user.ts";
import { rowsOf, shownText, shownUrl, Timestamp } from "../text.ts";
import { type Gift, receiversMax } from "./gift-item.ts";

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

/** A superlike in a list: the response to the call that made it, with its id. */
export const ListedSuperlike = Superlike.extend({ id: GiftId }).meta({ id: "ListedSuperlike" });

/** The superlike as lists show it. */
export function listedSuperlikeOf(
  { id, streamId, sender, price, createdAt }: Gift,
  defaultPicture: string,
): z.infer<typeof ListedSuperlike> {
  const now = new Date(createdAt);
  return { id, ...superlikeBy(sender, { streamId, price, now }, defaultPicture) };
}
