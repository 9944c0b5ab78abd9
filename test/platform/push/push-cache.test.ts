import { createPushCache } from "../../../platform/push/push-cache.ts";

test("the cache of slow and busy subscriptions has a bound, and evicts the oldest first", () => {
  const { slow, busy } = createPushCache();
  for (const [names, bound] of [
    [slow, 10_000],
    [busy, 300_000],
  ] as const) {
    for (let n = 0; n < bound; n++) names.add(String(n));
    names.add("0");
    expect(names.size).toBe(bound);
    names.add("one more");
    expect(names.size).toBe(bound);
    expect([names.has("0"), names.has("1")]).toEqual([true, false]);
  }
});
