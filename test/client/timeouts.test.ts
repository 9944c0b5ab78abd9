import { pingMillisecondsDefault, silenceLimitOf } from "../../client/session.ts";

/** When each viewer of a room asks who has waited since the same frame, in milliseconds. */
const asked = (viewers: number) =>
  Array.from({ length: viewers }, (_, n) =>
    silenceLimitOf(viewers, pingMillisecondsDefault, (n + 0.5) / viewers),
  );

test.each([1_000, 5_000, 15_000, 30_000, 100_000])(
  "in a room of %d that falls silent at most a thousand viewers ask per second",
  (viewers) => {
    const bySecond = new Map<number, number>();
    for (const at of asked(viewers)) {
      const second = Math.floor(at / 1000);
      bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
    }
    expect(Math.max(...bySecond.values())).toBeLessThanOrEqual(1_000);
  },
);

test("in a small room every viewer asks between 12 and 18 seconds after the newest frame", () => {
  const times = asked(200);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(12_000);
  expect(Math.max(...times)).toBeLessThanOrEqual(18_000);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(5_900);
});
