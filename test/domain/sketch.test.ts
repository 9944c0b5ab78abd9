import { expect, test } from "@jest/globals";
import { addName, estimate, mergeSketch, newSketch } from "../../domain/log/sketch.ts";

/** Ids as users have them, which differ at their ends alone. */
const names = (from: number, count: number) =>
  Array.from(
    { length: count },
    (_, at) => `64d15f9e2e6c8f4d5a${String(from + at).padStart(6, "0")}`,
  );

function sketchOf(all: readonly string[]) {
  const sketch = newSketch();
  for (const name of all) addName(sketch, name);
  return sketch;
}

test.each([0, 1, 100, 10_000, 40_000])("%d names within 2 %%", (count) => {
  const found = estimate(sketchOf(names(0, count)));
  expect(Math.abs(found - count)).toBeLessThanOrEqual(count * 0.02);
});

test("names that two sketches have seen count once, and a repeated name changes nothing", () => {
  const all = sketchOf(names(0, 10_000));
  mergeSketch(all, sketchOf(names(5_000, 10_000)));
  expect(all).toEqual(sketchOf(names(0, 15_000)));
  const once = estimate(all);
  for (const name of names(0, 1_000)) addName(all, name);
  expect(estimate(all)).toBe(once);
});
