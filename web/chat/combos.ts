import type { EventData } from "../../client/index.ts";

/** Gifts of one kind from one sender that follow each other closely: one row of the chat. */
export type Combo = {
  key: string;
  gift: EventData["gift.sent"];
  /** Pieces so far, and their price. */
  count: number;
  credits: number;
  /** When it is over unless another follows, by the clock that is given. */
  until: number;
};

/** As long as the server counts the next gift into the same row. */
export const comboMilliseconds = 5_000;

/** Keeps the rows that are still going on. Time comes from outside, in milliseconds. */
export function createCombos() {
  const going = new Map<string, Combo>();
  return {
    /** The row of a gift: a new one, or the one that goes on and has grown by it. */
    add(gift: EventData["gift.sent"], now: number): { combo: Combo; isNew: boolean } {
      const key = `${gift.sender._id} ${gift.giftType.id}`;
      const before = going.get(key);
      const pieces = gift.count * Math.max(1, gift.receivers.length);
      const credits = pieces * gift.giftType.creditAmount;
      const until = now + comboMilliseconds;
      if (before !== undefined && before.until > now && gift.combo > 1) {
        Object.assign(before, {
          gift,
          count: before.count + pieces,
          credits: before.credits + credits,
          until,
        });
        return { combo: before, isNew: false };
      }
      const combo = { key, gift, count: pieces, credits, until };
      going.set(key, combo);
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
