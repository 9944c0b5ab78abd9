import type { EventData } from "../../client/index.ts";

/** Consecutive gifts of one type by one sender, shown as one row of the chat. */
export type Combo = {
  gift: EventData["gift.sent"];
  /** Gifts so far, and their total price. */
  count: number;
  credits: number;
  /** Whether it contains more than one gift type. */
  isMixed: boolean;
  /** When it ends unless another gift follows, by the caller's clock. */
  until: number;
};

/** The server counts the next gift into the same combo within this time. */
export const comboMilliseconds = 5_000;

/** How long an ended combo is kept for gifts that the network delayed, and how many are kept. */
const lateMilliseconds = 60_000;
const lateMax = 20;

/**
 * If this many rows start within the time below, gifts would push messages out of view: then all
 * gifts of one sender are merged into one row.
 */
const manyRows = 8;
const manyMilliseconds = 10_000;

/**
 * Keeps the active combos. The server decides which gifts belong together: a gift that it numbers 2
 * or higher joins the row of the previous one, however late it arrives and however many rows there
 * are. The caller passes in the time, in milliseconds.
 */
export function createCombos() {
  const going = new Set<Combo>();
  /** The newest combo by sender, and by sender and gift type; the most recent are last. */
  const newest = new Map<string, Combo>();
  let beginnings: number[] = [];
  return {
    /** The combo of a gift: a new one, or an active one that has grown. */
    add(gift: EventData["gift.sent"], now: number): { combo: Combo; isNew: boolean } {
      beginnings = beginnings.filter((at) => at > now - manyMilliseconds);
      const isMany = beginnings.length >= manyRows;
      const { _id: sender } = gift.sender;
      const kind = `${sender} ${gift.giftType.id}`;
      const ofSender = newest.get(sender);
      const before =
        (gift.combo > 1 ? newest.get(kind) : undefined) ??
        (isMany && ofSender !== undefined && ofSender.until > now ? ofSender : undefined);
      const pieces = gift.count * Math.max(1, gift.receivers.length);
      const credits = pieces * gift.giftType.creditAmount;
      const combo = before ?? { gift, count: 0, credits: 0, until: 0, isMixed: false };
      Object.assign(combo, {
        isMixed: combo.isMixed || combo.gift.giftType.id !== gift.giftType.id,
        gift,
        count: combo.count + pieces,
        credits: combo.credits + credits,
        until: now + comboMilliseconds,
      });
      going.add(combo);
      for (const key of [sender, kind]) {
        newest.delete(key);
        newest.set(key, combo);
      }
      if (before === undefined) beginnings.push(now);
      return { combo, isNew: before === undefined };
    },
    /** Removes and returns the combos that have ended. */
    end(now: number): Combo[] {
      const over = [...going].filter(({ until }) => until <= now);
      for (const combo of over) going.delete(combo);
      let late = [...newest.values()].filter((combo) => !going.has(combo)).length;
      for (const [key, combo] of newest) {
        if (going.has(combo)) continue;
        if (late <= lateMax && combo.until + lateMilliseconds > now) break;
        newest.delete(key);
        late -= 1;
      }
      return over;
    },
  };
}
