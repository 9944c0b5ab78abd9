import * as z from "zod";
import { Timestamp } from "../text.ts";

/** The same sender's same gift counts up while no more than this lies between two of them. */
export const comboGapMilliseconds = 5000;

/** Combos of one sender that their wallet keeps; older ones are worked out from the gifts. */
export const combosKept = 4;

/** One row of the same gift by one sender in one stream. Its id is that of its first gift. */
export const Combo = z.object({
  id: z.string(),
  streamId: z.string(),
  giftTypeId: z.string(),
  /** Gifts so far. */
  count: z.number().int(),
  /** Their price. */
  credits: z.number().int(),
  lastAt: Timestamp,
});
export type Combo = z.infer<typeof Combo>;

/** The moment from which a combo is over if nothing follows. */
export const comboEndsAt = (combo: Pick<Combo, "lastAt">) =>
  new Date(Date.parse(combo.lastAt) + comboGapMilliseconds);

/**
 * Counts a gift: into the combo that it follows, or as the first of a new one. Two clocks may
 * differ, so a gift that looks older than the one before it follows too, and the end never moves
 * back.
 */
export function countCombo(
  combos: readonly Combo[],
  gift: { id: string; streamId: string; giftTypeId: string; price: number; createdAt: string },
): { combo: Combo; combos: Combo[] } {
  const same = (combo: Combo) =>
    combo.streamId === gift.streamId && combo.giftTypeId === gift.giftTypeId;
  const last = combos.find(same);
  const follows = last !== undefined && Date.parse(gift.createdAt) <= comboEndsAt(last).getTime();
  const { id, streamId, giftTypeId, price, createdAt } = gift;
  const combo: Combo = follows
    ? {
        ...last,
        count: last.count + 1,
        credits: last.credits + price,
        lastAt: latest([last.lastAt, createdAt]),
      }
    : { id, streamId, giftTypeId, count: 1, credits: price, lastAt: createdAt };
  const others = combos.filter((other) => other.id !== combo.id);
  return { combo, combos: [combo, ...others].slice(0, combosKept) };
}

const latest = (moments: string[]) => moments.sort().at(-1)!;
