import { expect, test } from "@jest/globals";
import type { Frame } from "../../domain/log/frame.ts";
import { createHeldFrames } from "../../relay/held-frames.ts";

const frame = (n: number) => ({ n, epoch: "e", body: `{"frame":${n}}` }) as Frame;

/** The numbers held after these frames were loaded for viewers who missed them. */
function heldAfter(loaded: number[], newest: number): number[] {
  const held = createHeldFrames();
  held.add(frame(newest), 0);
  held.addBefore(loaded.map(frame), 0);
  return held.run(held.first() ?? 0, 100).map((one) => one.frame.n);
}

test.each([
  ["a young log from its first frame on", [1, 2, 3], 4, [1, 2, 3, 4]],
  ["the end of a long log", [7, 8, 9], 10, [7, 8, 9, 10]],
  ["what follows the last gap", [1, 2, 4, 7, 8], 9, [7, 8, 9]],
  ["a last frame after a gap", [1, 2, 4], 5, [4, 5]],
  ["nothing that does not reach the oldest one", [1, 2], 4, [4]],
])("a relay keeps %s", (_, loaded, newest, held) => {
  expect(heldAfter(loaded, newest)).toEqual(held);
});

test("a relay keeps the newest 500 frames of a room, however they came", () => {
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const shown = createHeldFrames();
  for (const n of numbers(1, 600)) shown.add(frame(n), 0);
  const loaded = createHeldFrames();
  loaded.addBefore(numbers(1, 600).map(frame), 0);
  for (const held of [shown, loaded])
    expect([held.first(), held.run(101, 600).length]).toEqual([101, 500]);
});

test("a relay keeps no frame of another epoch, whose numbers mean nothing in this log", () => {
  const held = createHeldFrames();
  for (const n of [1, 2]) held.add(frame(n), 0);
  held.add({ ...frame(3), epoch: "after a restore" }, 0);
  expect(held.find(2)).toBeUndefined();
  expect(held.run(1, 10)).toEqual([]);
  expect(held.find(3)?.frame.epoch).toBe("after a restore");
});

test("a relay keeps a frame for five minutes, in which a deleted user's names may stay", () => {
  const held = createHeldFrames();
  const minutes = 60_000;
  held.add(frame(1), 0);
  held.add(frame(2), minutes);
  held.trim(5 * minutes - 1);
  expect(held.first()).toBe(1);
  held.trim(5 * minutes);
  expect([held.find(1), held.first()]).toEqual([undefined, 2]);
  held.trim(6 * minutes);
  expect(held.first()).toBeUndefined();
});

test("a relay keeps a frame no longer because its clock was set back", () => {
  const held = createHeldFrames();
  held.add(frame(1), 3_600_000);
  held.add(frame(2), 0);
  held.trim(0);
  expect([held.find(1), held.first()]).toEqual([undefined, 2]);
});

test("a relay keeps a frame no longer because older ones were loaded later", () => {
  const held = createHeldFrames();
  held.add(frame(2), 0);
  held.addBefore([frame(1)], 4 * 60_000);
  held.trim(5 * 60_000);
  expect(held.find(2)).toBeUndefined();
});

test("a relay keeps no text that one of its frames deletes, in whatever order they arrive", () => {
  const held = createHeldFrames();
  const bodyOf = (n: number, ...events: object[]) => JSON.stringify({ frame: n, events });
  const said = { type: "chat.message", data: { _id: "m1", content: "a secret" } };
  const deleted = { type: "chat.deleted", data: { messageId: "m1" } };
  held.add({ ...frame(3), body: bodyOf(3, deleted) }, 0);
  held.addBefore([{ ...frame(1), body: bodyOf(1, said) }, frame(2)], 0);
  expect(held.find(1)?.frame.body).toBe(
    bodyOf(1, { ...said, data: { _id: "m1", content: "", deleted: true } }),
  );
  expect(held.run(1, 9).map((one) => one.frame.n)).toEqual([1, 2, 3]);
});
