import type { EventData } from "../../client/index.ts";
import { hueOf } from "./person.ts";

type Gift = EventData["gift.sent"];
type GiftType = Gift["giftType"];

/** How a gift is shown: as a row, as a card in its own colour, or full size over the chat. */
export type Tier = "row" | "card" | "moment";

const cardCredits = 100;
export const momentCredits = 1_000;

/** The credits of a whole gift: its price for each piece and each receiver. */
export const creditsOfGift = ({
  count,
  receivers,
  giftType,
}: Pick<Gift, "count" | "receivers"> & { giftType: Pick<GiftType, "creditAmount"> }): number =>
  count * Math.max(1, receivers.length) * giftType.creditAmount;

/** The tier of a gift or a whole combo by its credits. */
export const tierOf = (credits: number): Tier =>
  credits >= momentCredits ? "moment" : credits >= cardCredits ? "card" : "row";

/** The main colour of our own pictures, as a hue. */
const ours: Record<string, number> = {
  rose: 15,
  heart: 8,
  coffee: 55,
  star: 85,
  rocket: 285,
  crown: 85,
  fireworks: 320,
  diamond: 230,
};

/** The hue of a gift's card: that of our picture, or derived from its id. */
export function hueOfGift({ id, svgUrl }: Pick<GiftType, "id" | "svgUrl">): number {
  const [, name = ""] = /\/pictures\/([a-z]+)\.svg$/.exec(svgUrl) ?? [];
  return ours[name] ?? hueOf(id);
}
