import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  countersOf,
  countGaps,
  type GapReader,
  rangesOf,
  shownNumbers,
} from "../../domain/streams/message-gaps.ts";

/** What is noted of some numbers, kept as the table keeps it; counts what is read of it. */
function notesOf(gone: readonly number[]) {
  const counts = new Map<string, Map<number, number>>();
  const buckets = new Map<number, Set<number>>();
  for (const n of gone) {
    const places = countersOf(n);
    buckets.set(places.bucket, (buckets.get(places.bucket) ?? new Set()).add(n));
    for (const { level, index, part } of places.counts) {
      const parts = counts.get(`${level} ${index}`) ?? new Map<number, number>();
      counts.set(`${level} ${index}`, parts.set(part, (parts.get(part) ?? 0) + 1));
    }
  }
  const notes = { reads: 0 };
  const reader: GapReader = {
    counts: async (level, index) => {
      notes.reads++;
      return counts.get(`${level} ${index}`) ?? new Map();
    },
    numbers: async (bucket) => {
      notes.reads++;
      return buckets.get(bucket) ?? new Set();
    },
  };
  return { reader, notes };
}

async function pageOf(count: number, page: number, limit: number, reader: GapReader) {
  const numbers: number[] = [];
  for await (const n of shownNumbers(count, (page - 1) * limit, reader)) {
    numbers.push(n);
    if (numbers.length === limit) break;
  }
  return numbers;
}

/** A chat as it looks to a reader: runs of its numbers 1 … count show nothing. */
const chats = fc
  .integer({ min: 0, max: 1500 })
  .chain((count) =>
    fc.record({
      count: fc.constant(count),
      runs: fc.array(
        fc.record({
          from: fc.integer({ min: 1, max: Math.max(1, count) }),
          length: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 700 })),
        }),
        { maxLength: 12 },
      ),
      limit: fc.integer({ min: 1, max: 100 }),
    }),
  )
  .map(({ count, runs, limit }) => {
    const gone = new Set<number>();
    for (const { from, length } of runs)
      for (let n = from; n < from + length && n <= count; n++) gone.add(n);
    return { count, gone, limit };
  });

describe("pages of the history", () => {
  test("show every message once, newest first, each page full except the last", async () => {
    await fc.assert(
      fc.asyncProperty(chats, async ({ count, gone, limit }) => {
        const { reader } = notesOf([...gone]);
        const shown = Array.from({ length: count }, (_, i) => count - i).filter(
          (n) => !gone.has(n),
        );
        expect(await countGaps(count, reader)).toBe(gone.size);
        const pages = Math.ceil(shown.length / limit);
        for (let page = 1; page <= pages; page++)
          expect(await pageOf(count, page, limit, reader)).toEqual(
            shown.slice((page - 1) * limit, page * limit),
          );
        expect(await pageOf(count, pages + 1, limit, reader)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test.each([65_535, 65_536, 5_000_000, 20_000_000, 4_294_967_295])(
    "are found by few reads among %d numbers, wherever they are and whatever has been deleted",
    async (count) => {
      const run = Array.from({ length: 30_000 }, (_, at) => Math.floor(count / 2) + at);
      const few = [1, 2, 300, count - 1, count];
      const gone = new Set([...run, ...few].filter((n) => n <= count));
      const { reader, notes } = notesOf([...gone]);
      const total = count - (await countGaps(count, reader));
      expect(total).toBe(count - gone.size);
      const last = Math.ceil(total / 30);
      const middle = Math.ceil((count - run.at(-1)! - few.length) / 30);
      for (const page of [1, 2, Math.max(1, middle), last - 1, last]) {
        notes.reads = 0;
        const numbers = await pageOf(count, page, 30, reader);
        expect(numbers).toHaveLength(page === last ? total - 30 * (last - 1) : 30);
        expect(numbers.some((n) => gone.has(n))).toBe(false);
        expect(notes.reads).toBeLessThanOrEqual(7);
      }
    },
  );
});

test("numbers close to each other are read together, others separately", () => {
  expect(rangesOf([900, 899, 890, 100, 99, 1])).toEqual([
    { low: 890, high: 900 },
    { low: 99, high: 100 },
    { low: 1, high: 1 },
  ]);
  expect(rangesOf([])).toEqual([]);
});
