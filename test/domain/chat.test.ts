import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { messageIdOf, numberInId, pageRange } from "../../domain/chat.ts";

const now = new Date("2026-01-15T10:30:00.000Z");

/** A chat as it looks to a reader: which of the numbers 1 … count show a message. */
const chats = fc
  .integer({ min: 0, max: 60 })
  .chain((count) =>
    fc.record({
      count: fc.constant(count),
      gone: fc.uniqueArray(fc.integer({ min: 1, max: Math.max(1, count) }), { maxLength: count }),
      limit: fc.integer({ min: 1, max: 12 }),
    }),
  )
  .map(({ gone, ...chat }) => ({ ...chat, gone: gone.filter((n) => n <= chat.count) }));

describe("pages of the history", () => {
  test("show every message once, newest first, each page full but the last", () => {
    fc.assert(
      fc.property(chats, ({ count, gone, limit }) => {
        const shown = Array.from({ length: count }, (_, i) => count - i).filter(
          (n) => !gone.includes(n),
        );
        const pages = Math.ceil(shown.length / limit);
        for (let page = 1; page <= pages; page++) {
          const { low, high } = pageRange(count, gone, page, limit)!;
          const inRange = shown.filter((n) => n >= low && n <= high);
          expect(inRange).toEqual(shown.slice((page - 1) * limit, page * limit));
        }
        expect(pageRange(count, gone, pages + 1, limit)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test("span no more numbers than they show where nothing is gone", () => {
    expect(pageRange(1_000_000, [], 30_000, 30)).toEqual({ low: 100_001, high: 100_030 });
  });
});

describe("the id of a message", () => {
  test("has ObjectId form and holds the message's number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), fc.string(), (n, streamId) => {
        const id = messageIdOf(streamId, n, now);
        expect(id).toMatch(/^[0-9a-f]{24}$/);
        expect(numberInId(id)).toBe(n);
      }),
    );
  });

  test("differs between streams that have the same number in the same second", () => {
    const ids = Array.from({ length: 1000 }, (_, i) =>
      messageIdOf(`64d15f9e2e6c8f4d5a12${i.toString(16).padStart(4, "0")}`, 1, now),
    );
    expect(new Set(ids).size).toBe(1000);
  });
});
