/**
 * Which message numbers of a chat show nothing (deleted, or reserved by a call that failed), so
 * that a few reads find any page however many gaps there are: buckets list them, and the levels
 * above count them.
 */

/** Numbers in a bucket, and counters in one item of counts. */
const width = 256;

/** Levels of counts above the buckets, enough for 32-bit message numbers. */
const levels = 3;

/** The numbers that one counter of a level covers: a counter of level 1 covers one bucket. */
const sizeOf = (level: number) => width ** level;

/** Where a number is recorded: in its bucket, and in a count on each level. */
export function countersOf(n: number): {
  bucket: number;
  counts: { level: number; index: number; part: number }[];
} {
  const counts = Array.from({ length: levels }, (_, at) => {
    const part = Math.floor(n / sizeOf(at + 1));
    return { level: at + 1, index: Math.floor(part / width), part: part % width };
  });
  return { bucket: Math.floor(n / width), counts };
}

/** Reads the stored gaps; a missing item counts as empty. */
export type GapReader = {
  /**
   * The number of gaps in each part of an item of counts; parts without gaps may be omitted.
   */
  counts(level: number, index: number): Promise<ReadonlyMap<number, number>>;
  /** The gaps in a bucket. */
  numbers(bucket: number): Promise<ReadonlySet<number>>;
};

/** The level whose first item counts all numbers up to `count`. */
export function topOf(count: number): number {
  let level = 1;
  while (level < levels && sizeOf(level + 1) <= count) level++;
  return level;
}

/** The number of gaps among 1 to `count`. */
export async function countGaps(count: number, reader: GapReader): Promise<number> {
  const parts = await reader.counts(topOf(count), 0);
  return [...parts.values()].reduce((sum, gone) => sum + gone, 0);
}

/** The number of gaps among 1 to `n`: one read for each level, and one of a bucket. */
export async function countGapsUpTo(n: number, reader: GapReader): Promise<number> {
  const { bucket, counts } = countersOf(n);
  const numbers = await reader.numbers(bucket);
  const below = await Promise.all(
    counts.map(async ({ level, index, part }) => {
      const parts = [...(await reader.counts(level, index))];
      return parts.reduce((sum, [at, gone]) => (at < part ? sum + gone : sum), 0);
    }),
  );
  const own = [...numbers].filter((number) => number <= n).length;
  return below.reduce((sum, gone) => sum + gone, own);
}

/**
 * The numbers from `count` down to 1 that show a message, without the first `skip` of them. A page
 * costs one read for each level and bucket, wherever it is.
 */
export async function* shownNumbers(
  count: number,
  skip: number,
  reader: GapReader,
): AsyncGenerator<number, void, void> {
  let left = skip;
  async function* walk(level: number, index: number): AsyncGenerator<number, void, void> {
    const gone = await reader.counts(level, index);
    for (let part = width - 1; part >= 0; part--) {
      const place = index * width + part;
      const low = Math.max(1, place * sizeOf(level));
      const high = Math.min(count, (place + 1) * sizeOf(level) - 1);
      if (low > high) continue;
      const shown = high - low + 1 - (gone.get(part) ?? 0);
      if (shown <= left) {
        left -= Math.max(shown, 0);
        continue;
      }
      if (level > 1) {
        yield* walk(level - 1, place);
        continue;
      }
      const numbers = gone.has(part) ? await reader.numbers(place) : undefined;
      for (let n = high; n >= low; n--) {
        if (numbers?.has(n)) continue;
        if (left > 0) left--;
        else yield n;
      }
    }
  }
  yield* walk(topOf(count), 0);
}

/** Reading up to this many unneeded numbers costs less than another read. */
const spanMax = 16;

/** The ranges in which descending numbers are read: numbers close to each other share one. */
export function rangesOf(numbers: readonly number[]): { low: number; high: number }[] {
  const ranges: { low: number; high: number }[] = [];
  for (const n of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last.low - n <= spanMax) last.low = n;
    else ranges.push({ low: n, high: n });
  }
  return ranges;
}
