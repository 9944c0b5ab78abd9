import { createGovernors, leasePosts } from "../../../platform/push/governor.ts";
import { useOwnTable } from "../table.ts";

useOwnTable();

const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);

test("all environments together get no more posts than a slot has", async () => {
  const now = new Date();
  const asked = [50, 120, 70, 90, 10, 200, 60];
  const granted = await Promise.all(
    asked.map((wanted) => leasePosts("large", 7, wanted, 320, now)),
  );
  expect(sum(granted)).toBe(320);
  for (const [at, count] of granted.entries()) {
    expect(count).toBeLessThanOrEqual(asked[at]!);
    expect(count).toBeGreaterThanOrEqual(0);
  }
  expect(await leasePosts("large", 7, 10, 320, now)).toBe(0);
  expect(await leasePosts("rest", 7, 10, 320, now)).toBe(10);
  expect(await leasePosts("large", 8, 10, 320, now)).toBe(10);
});

test("three environments that post as fast as they can stay under the stage's rate together", async () => {
  const rate = 1_000;
  const slots = 10;
  let now = 40_000_000;
  const clock = {
    now: () => now,
    wait: async (milliseconds: number) => {
      now += Math.max(1, milliseconds);
    },
  };
  const environments = Array.from({ length: 3 }, () => createGovernors(rate, undefined, clock));
  const until = now + slots * 40;
  const counts = await Promise.all(
    environments.map(async ({ large }) => {
      let count = 0;
      for (; now < until; count++) await large.take();
      return count;
    }),
  );
  // Large rooms leave a tenth to the others; a slot that has just begun may be used up as well.
  expect(sum(counts)).toBeLessThanOrEqual(((slots + 1) * rate * 40) / 1000);
  expect(sum(counts)).toBeGreaterThan(0);
});
