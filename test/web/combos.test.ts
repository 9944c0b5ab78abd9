import fc from "fast-check";
import type { EventData } from "../../client/index.ts";
import { createCombos } from "../../web/chat/combos.ts";

type Gift = EventData["gift.sent"];

const giftOf = (sender: string, type: string, combo: number, count = 1, receivers = 1) =>
  ({
    combo,
    count,
    sender: { _id: sender },
    receivers: Array.from({ length: receivers }, () => ({})),
    giftType: { id: type, creditAmount: 10 },
  }) as unknown as Gift;

test("consecutive gifts of one type by one sender share a row", () => {
  const combos = createCombos();
  const first = combos.add(giftOf("ann", "rose", 1), 0);
  const next = combos.add(giftOf("ann", "rose", 2, 3), 4_999);
  expect(next).toEqual({ combo: first.combo, isNew: false });
  expect(next.combo).toMatchObject({ count: 4, credits: 40 });
  expect(combos.add(giftOf("bob", "rose", 1), 5_000).isNew).toBe(true);
  expect(combos.add(giftOf("ann", "heart", 1), 5_000).isNew).toBe(true);
});

test("a gift that the server counts as the first one starts another row", () => {
  const combos = createCombos();
  combos.add(giftOf("ann", "rose", 1), 0);
  expect(combos.add(giftOf("ann", "rose", 1), 100).isNew).toBe(true);
});

test("a gift that the network held up goes into the row that the server counted it into", () => {
  const combos = createCombos();
  const { combo } = combos.add(giftOf("ann", "rose", 1), 0);
  expect(combos.end(6_000)).toEqual([combo]);
  expect(combos.add(giftOf("ann", "rose", 2), 6_000)).toEqual({ combo, isNew: false });
  // It goes on again, and ends again.
  expect(combos.end(10_999)).toEqual([]);
  expect(combos.end(11_000)).toEqual([combo]);
  combos.end(71_000);
  expect(combos.add(giftOf("ann", "rose", 3), 71_000).isNew).toBe(true);
});

test("a gift joins a row that is over only if the server counts it into that row", () => {
  const combos = createCombos();
  // Eight rows in ten seconds: from here on all gifts of one sender share a row.
  for (let n = 0; n < 7; n++) combos.add(giftOf(`p${n}`, "rose", 1), 0);
  const { combo } = combos.add(giftOf("ann", "rose", 1), 0);
  expect(combos.add(giftOf("ann", "star", 1), 4_999)).toEqual({ combo, isNew: false });
  expect(combos.end(9_999)).toContain(combo);
  // Other rows keep it crowded, but this row ended before the next gift came.
  for (let n = 0; n < 8; n++) combos.add(giftOf(`q${n}`, "rose", 1), 9_999);
  const next = combos.add(giftOf("ann", "rose", 1), 9_999);
  expect(next.isNew).toBe(true);
  expect(next.combo).toMatchObject({ count: 1, isMixed: false });
});

test("only the latest of the ended rows are kept", () => {
  const combos = createCombos();
  for (let n = 0; n < 1_000; n++) combos.add(giftOf(`p${n}`, "rose", 1), n);
  expect(combos.end(6_000)).toHaveLength(1_000);
  expect(combos.add(giftOf("p999", "rose", 2), 6_000).isNew).toBe(false);
  expect(combos.add(giftOf("p900", "rose", 2), 6_000).isNew).toBe(true);
});

test("a combo stays one row when rows become many while it goes on, and few again", () => {
  const combos = createCombos();
  const { combo } = combos.add(giftOf("ann", "rose", 1), 0);
  for (let n = 0; n < 8; n++) combos.add(giftOf(`p${n}`, "rose", 1), 1_000);
  expect(combos.add(giftOf("ann", "rose", 2), 4_000)).toEqual({ combo, isNew: false });
  expect(combos.add(giftOf("ann", "rose", 3), 8_000)).toEqual({ combo, isNew: false });
  expect(combos.add(giftOf("ann", "rose", 4), 12_000)).toEqual({ combo, isNew: false });
  expect(combo).toMatchObject({ count: 4, isMixed: false });
});

test("several receivers count each", () => {
  const { combo } = createCombos().add(giftOf("ann", "rose", 1, 2, 3), 0);
  expect(combo).toMatchObject({ count: 6, credits: 60 });
});

test("a row ends once, when its time is over", () => {
  const combos = createCombos();
  const { combo } = combos.add(giftOf("ann", "rose", 1), 0);
  expect(combos.end(4_999)).toEqual([]);
  expect(combos.end(5_000)).toEqual([combo]);
  expect(combos.end(5_000)).toEqual([]);
});

test("from eight rows in ten seconds on, all gifts of one sender share a row", () => {
  const combos = createCombos();
  for (let n = 0; n < 7; n++) combos.add(giftOf(`p${n}`, "rose", 1), 0);
  expect(combos.add(giftOf("ann", "rose", 1), 9_999).isNew).toBe(true);
  const many = combos.add(giftOf("bob", "rose", 1), 9_999);
  const mixed = combos.add(giftOf("bob", "star", 1), 9_999);
  expect(mixed).toEqual({ combo: many.combo, isNew: false });
  expect(mixed.combo).toMatchObject({ count: 2, credits: 20, isMixed: true });
  // Ten seconds after the first seven there is room again.
  expect(combos.add(giftOf("cem", "rose", 1), 10_000).isNew).toBe(true);
  expect(combos.add(giftOf("cem", "star", 1), 10_000).isNew).toBe(true);
});

test("in any order of events, all rows together count all gifts", () => {
  const gifts = fc.array(
    fc.record({
      sender: fc.constantFrom("ann", "bob"),
      type: fc.constantFrom("rose", "star"),
      combo: fc.integer({ min: 1, max: 3 }),
      count: fc.integer({ min: 1, max: 20 }),
      pause: fc.integer({ min: 0, max: 6_000 }),
    }),
  );
  fc.assert(
    fc.property(gifts, (given) => {
      const combos = createCombos();
      const rows = new Set<{ count: number }>();
      let now = 0;
      for (const { sender, type, combo, count, pause } of given) {
        now += pause;
        rows.add(combos.add(giftOf(sender, type, combo, count), now).combo);
        combos.end(now);
      }
      const shown = [...rows].reduce((sum, { count }) => sum + count, 0);
      expect(shown).toBe(given.reduce((sum, { count }) => sum + count, 0));
    }),
  );
});
