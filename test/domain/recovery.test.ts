import { frameKeptSeconds } from "../../domain/log/frame.ts";
import { endOf, firstMissed, recover, subscribedMessage } from "../../domain/log/recovery.ts";

const now = new Date("2026-07-01T12:00:00Z");
const madeAt = (at: Date) => at.getTime() / 1000 + frameKeptSeconds;
const kept = (n: number, epoch = "e1") => ({ n, epoch, expiresAt: madeAt(now) });

/** The log of the worked example: it ends at frame 57 and answers frames 41 to 57. */
const end = { epoch: "e1", head: 57 };
const after = (frame: number) => (frame >= 40 && frame < 57 ? kept(frame + 1) : undefined);

test.each([
  ["at the head", "e1", 57, { from: 58 }],
  ["one behind", "e1", 56, { from: 57 }],
  ["some behind", "e1", 50, { from: 51 }],
  ["at the frame before the oldest that is kept", "e1", 40, { from: 41 }],
  ["one frame too old", "e1", 39, "lost"],
  ["the beginning, long gone", "e1", 0, "lost"],
  ["one in the future", "e1", 58, "lost"],
  ["far in the future", "e1", 108, "lost"],
  ["another epoch at the same number", "e0", 57, "lost"],
  ["another epoch", "e2", 50, "lost"],
])("a position %s", (_, epoch, frame, recovery) => {
  expect(recover({ epoch, frame }, end, after(frame), now)).toEqual(recovery);
});

test("the beginning is recovered of a log with all its frames, and of an empty one", () => {
  expect(recover({ epoch: "e1", frame: 0 }, end, kept(1), now)).toEqual({ from: 1 });
  const empty = { epoch: "e1", head: 0 };
  expect(recover({ epoch: "e1", frame: 0 }, empty, undefined, now)).toEqual({ from: 1 });
});

test("a frame is returned for a day, though it is stored for an hour more", () => {
  const since = { epoch: "e1", frame: 50 };
  const made = (hours: number) => madeAt(new Date(now.getTime() - hours * 3600_000));
  const next = (hours: number) => ({ n: 51, epoch: "e1", expiresAt: made(hours) });
  expect(recover(since, end, next(23.9), now)).toEqual({ from: 51 });
  expect(recover(since, end, next(24.1), now)).toBe("lost");
});

test("a position just before a head that has expired is not recovered", () => {
  expect(recover({ epoch: "e1", frame: 56 }, end, undefined, now)).toBe("lost");
});

test("a frame number from before a reset recovers nothing", () => {
  expect(recover({ epoch: "e1", frame: 50 }, end, kept(51, "e0"), now)).toBe("lost");
});

test("the next stored frame after a gap is not the successor of the position", () => {
  expect(recover({ epoch: "e1", frame: 50 }, end, kept(52), now)).toBe("lost");
});

const mark = { epoch: "e1", posted: 57, newest: 900, totals: { count: 4, credits: 40 } };

test("a log ends with its newest stored frame, posted or not", () => {
  const frame = { n: 58, newest: 950, totals: { count: 5, credits: 50 } };
  expect(endOf(mark, frame)).toEqual({
    epoch: "e1",
    head: 58,
    newest: 950,
    totals: { count: 5, credits: 50 },
  });
});

test("after a reset a log ends with the recounted sums of its mark, not with those of its newest frame", () => {
  const frame = { n: 57, newest: 850, totals: { count: 9, credits: 90 }, madeAt: 1 };
  const { posted, ...rest } = { ...mark, resetAt: 900, sums: { likes: 2 } };
  const ends = { ...rest, head: posted, madeAt: 1 };
  expect(endOf({ ...rest, posted }, { ...frame, sums: { likes: 9 } })).toEqual(ends);
});

test("a log whose frames have expired ends at its newest posted frame", () => {
  const { posted, ...rest } = mark;
  expect(endOf(mark, undefined)).toEqual({ ...rest, head: posted });
  expect(endOf(mark, { n: 12, newest: 100, totals: { count: 1, credits: 1 } }).head).toBe(57);
});

test("a viewer who has missed frames of this log gets the first of them, kept or not", () => {
  expect(firstMissed({ epoch: "e1", frame: 3 }, end)).toBe(4);
  for (const since of [
    undefined,
    { epoch: "e1", frame: 57 },
    { epoch: "e1", frame: 99 },
    { epoch: "e0", frame: 3 },
  ])
    expect(firstMissed(since, end)).toBeUndefined();
});

test("the first message says whether a position was recovered only when there was one", () => {
  const say = (recovery?: { from: number } | "lost") =>
    subscribedMessage("s", end, { recovery, viewers: 3, requestId: "r" }).recovered;
  expect([say(), say({ from: 58 }), say("lost")]).toEqual([undefined, true, false]);
});
