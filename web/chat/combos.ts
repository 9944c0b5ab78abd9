import type { EventData } from "../../client/index.ts";

/** Gifts of one kind from one sender that follow each other closely: one row of the chat. */
export type Combo = {
  key: string;
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

/**
 * When so many rows have begun within this time, gifts leave no room for what is said: all that one
 * person gives is one row then.
 */
const manyRows = 8;
const manyMilliseconds = 10_000;

/** Keeps the rows that are still going on. Time comes from outside, in milliseconds. */
export function createCombos() {
  const going = new Map<string, Combo>();
  let beginnings: number[] = [];
  return {
    /** The row of a gift: a new one, or the one that goes on and has grown by it. */
    add(gift: EventData["gift.sent"], now: number): { combo: Combo; isNew: boolean } {
      beginnings = beginnings.filter((at) => at > now - manyMilliseconds);
      const isMany = beginnings.length >= manyRows;
      const { _id: sender } = gift.sender;
      const key = isMany ? sender : `${sender} ${gift.giftType.id}`;
      const before = going.get(key);
      const pieces = gift.count * Math.max(1, gift.receivers.length);
      const credits = pieces * gift.giftType.creditAmount;
      const until = now + comboMilliseconds;
      if (before !== undefined && before.until > now && (isMany || gift.combo > 1)) {
        Object.assign(before, {
          isMixed: before.isMixed || before.gift.giftType.id !== gift.giftType.id,
          gift,
          count: before.count + pieces,
          credits: before.credits + credits,
          until,
        });
        return { combo: before, isNew: false };
      }
      const combo = { key, gift, count: pieces, credits, until, isMixed: false };
      going.set(key, combo);
      beginnings.push(now);
      return { combo, isNew: true };
    },
    /** Takes out and answers those whose time is over. */
    end(now: number): Combo[] {
      const over = [...going.values()].filter(({ until }) => until <= now);
      for (const { key } of over) going.delete(key);
      return over;
    },
    clear: () => going.clear(),
  };
}
