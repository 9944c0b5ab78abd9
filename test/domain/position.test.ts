import { canRecover, parsePosition } from "../../domain/log/position.ts";

/** A log at frame 20 that keeps its newest 12 frames. */
const log = { epoch: "e1", head: 20, keeps: (frame: number) => frame >= 9 && frame <= 20 };

test.each([
  ["at the head", "e1", 20, true],
  ["one behind", "e1", 19, true],
  ["some behind", "e1", 12, true],
  ["at the frame before the oldest that is kept", "e1", 8, true],
  ["one frame too old", "e1", 7, false],
  ["the beginning, long gone", "e1", 0, false],
  ["in the future", "e1", 108, false],
  ["one in the future", "e1", 21, false],
  ["another epoch at the same number", "e0", 20, false],
  ["another epoch", "e2", 12, false],
])("a position %s", (_, epoch, frame, recovers) => {
  expect(canRecover({ epoch, frame }, log)).toBe(recovers);
});

test("the beginning of a log that keeps everything, and of an empty one", () => {
  expect(canRecover({ epoch: "e1", frame: 0 }, { ...log, keeps: () => true })).toBe(true);
  const empty = { epoch: "e1", head: 0, keeps: () => false };
  expect(canRecover({ epoch: "e1", frame: 0 }, empty)).toBe(true);
});

test("a log whose frames have all expired still knows its head", () => {
  const quiet = { epoch: "e1", head: 57, keeps: () => false };
  expect(canRecover({ epoch: "e1", frame: 57 }, quiet)).toBe(true);
  expect(canRecover({ epoch: "e1", frame: 56 }, quiet)).toBe(false);
});

test("a position in a URL", () => {
  expect(parsePosition("mf3k:17")).toEqual({ epoch: "mf3k", frame: 17 });
  for (const text of [
    "",
    "17",
    "e:",
    ":1",
    "e:-1",
    "e:1.5",
    "e:1e3",
    "e f:1",
    "e:1:2",
    `e:${"9".repeat(16)}`,
  ])
    expect(parsePosition(text)).toBeUndefined();
});
