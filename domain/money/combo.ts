import * as z from "zod";
import { Timestamp } from "../text.ts";

/** The longest time between two gifts of a combo. */
export const comboGapMilliseconds = 5000;

/**
 * The most combos kept in their sender's wallet. Those beyond are derived from their gifts when
 * they end.
 */
export const keptMax = 8;

/** Newest combos that are kept even if they cannot continue: their end is still to be recorded. */
const overMax = 4;

/**
 * Gifts of one type by one sender in one stream, each soon after the previous one. Its id is that
 * of the first gift.
 */
export const Combo = z.object({
  id: z.string(),
  streamId: z.string(),
  giftTypeId: z.string(),
  /** Gifts so far. */
  count: z.number().int(),
  /** Their total price. */
  credits: z.number().int(),
  lastAt: Timestamp,
});
export type Combo = z.infer<typeof Combo>;

/** When a combo ends if no gift follows. */
export const comboEndsAt = (combo: Pick<Combo, "lastAt">) =>
  new Date(Date.parse(combo.lastAt) + comboGapMilliseconds);

/**
 * Counts a gift: into the combo that it continues, or as the first of a new one. Clocks may differ,
 * so a gift that appears older than the previous one continues the combo too, and the end never
 * moves earlier.
 */
export function countCombo(
  combos: readonly Combo[],
  gift: { id: string; streamId: string; giftTypeId: string; price: number; createdAt: string },
): { combo: Combo; combos: Combo[] } {
  const isSame = (combo: Combo) =>
    combo.streamId === gift.streamId && combo.giftTypeId === gift.giftTypeId;
  const last = combos.find(isSame);
  const isFollowing =
    last !== undefined && Date.parse(gift.createdAt) <= comboEndsAt(last).getTime();
  const { id, streamId, giftTypeId, price, createdAt } = gift;
  const combo: Combo = isFollowing
    ? {
        ...last,
        count: last.count + 1,
        credits: last.credits + price,
        lastAt: latest([last.lastAt, createdAt]),
      }
    : { id, streamId, giftTypeId, count: 1, credits: price, lastAt: createdAt };
  const others = combos.filter((other) => other.id !== combo.id);
  const isKept = (other: Combo, at: number) =>
    at < overMax || comboEndsAt(other) >= new Date(createdAt);
  return { combo, combos: [combo, ...others].filter(isKept).slice(0, keptMax) };
}

const latest = (moments: string[]) => moments.sort().at(-1)!;
