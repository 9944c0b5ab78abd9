import type { EventData } from "../../client/index.ts";

/** Gifts of one kind from one sender that follow each other closely: one row of the chat. */
export type Combo = {
  gift: EventData["gift.sent"];
  /** Pieces so far, and their price. */
  count: number;
  credits: number;
  /** Whether there is more than one kind in it. */
  isMixed: boolean;
  /** When it is over unless another follows, by the clock that is given. */
  until: number;
};

/** As long as the server counts the next gift into the same row. */
export const comboMilliseconds = 5_000;

/** How long after its end a row is kept for gifts that the network has held up, and how many. */
const lateMilliseconds = 60_000;
const lateMax = 20;

/**
 * When this many rows start within the time below, gifts would push messages out of view: all
 * gifts of one sender are then merged into one row.
 */
const manyRows = 8;
const manyMilliseconds = 10_000;

/**
 * Keeps the rows that are still going on. What belongs together is the server's to say: a gift
 * that it counts as a second one or later goes into the row of the one before, however late it
 * comes and however many rows there are by then. Time comes from outside, in milliseconds.
 */
export function createCombos() {
  const going = new Set<Combo>();
  /** The newest row of a sender, and of a sender with one kind of gift; the latest come last. */
  const newest = new Map<string, Combo>();
  let beginnings: number[] = [];
  return {
    /** The row of a gift: a new one, or the one that goes on and has grown by it. */
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
    /** Takes out and answers those whose time is over. */
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
