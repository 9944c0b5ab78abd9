import { isCurrent, isOpening, viewersAmong } from "../../domain/log/subscriber.ts";

const now = new Date("2026-01-15T10:30:00.000Z");

test.each([
  ["made just now", 0, true],
  ["9.999 s old", 9_999, true],
  ["exactly 10 s old", 10_000, false],
  ["10.001 s old", 10_001, false],
  ["two hours old", 7_200_000, false],
  ["made by a clock that is a second ahead", -1_000, true],
])("whether a connection %s may still be opening", (_, age, expected) => {
  expect(isOpening({ connectedAt: now.getTime() - age }, now)).toBe(expected);
});

test("a user counts as one viewer, and an overlay or a refused subscriber as none", () => {
  const refusal = { statusCode: 403, errors: [] };
  const subscribers = [
    ...[{ userId: "ann" }, { userId: "ben" }, { userId: "ann" }, { userId: "overlay:1" }],
    ...[
      { userId: "eva", refusal },
      { userId: "ben", refusal },
    ],
  ];
  expect([...viewersAmong(subscribers)]).toEqual(["ann", "ben"]);
});

test("a subscriber counts until their subscription expires, though it is stored for longer", () => {
  const seconds = now.getTime() / 1000;
  const isCurrentAt = (expiresAt: number) => isCurrent({ expiresAt }, now);
  expect([1, 0, -1].map((left) => isCurrentAt(seconds + left))).toEqual([true, false, false]);
});
