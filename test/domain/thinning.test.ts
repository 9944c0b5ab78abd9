import fc from "fast-check";
import { frameBytesMax, makeFrame } from "../../domain/log/frame.ts";
import { bytesOf, selectDropped, thinOut } from "../../domain/log/thinning.ts";
import { chatRecord, emptyLog, giftRecord, now, streamId } from "./frame-samples.ts";

const kept = (records: ReturnType<typeof chatRecord>[], left: Set<string>) =>
  records.filter(({ id }) => !left.has(id));

test("nothing is dropped while there is room", () => {
  const records = [1, 2, 3].map((n) => chatRecord(n));
  expect(thinOut(records, 32_000)).toEqual(new Set());
});

test("frequent senders lose most: every sender keeps one message before any sender keeps two", () => {
  const loud = Array.from({ length: 60 }, (_, n) => chatRecord(n, "spam", 1, "loud"));
  const quiet = Array.from({ length: 10 }, (_, n) => chatRecord(100 + n, "hello", 1, `quiet${n}`));
  const records = [...loud, ...quiet];
  const left = thinOut(records, bytesOf(loud[0]!) * 14);
  const shown = kept(records, left).map(({ senderId }) => senderId);
  for (let n = 0; n < 10; n++) expect(shown).toContain(`quiet${n}`);
  expect(shown.filter((sender) => sender === "loud").length).toBeGreaterThan(0);
  expect(left.has(loud.at(-1)!.id)).toBe(false);
});

test("host and moderators are dropped last, money and moderation never", () => {
  const crowd = Array.from({ length: 40 }, (_, n) => chatRecord(n, "hi", 1, `u${n}`));
  // Ben is a moderator of the sample stream.
  const hosts = ["host", "host", "ben", "ben", "ben"].map((sender, n) =>
    chatRecord(100 + n, "welcome", 1, sender),
  );
  const gifts = Array.from({ length: 10 }, (_, n) => giftRecord(200 + n));
  const records = [...crowd, ...hosts, ...gifts];
  const room = [...hosts, ...gifts].reduce((sum, record) => sum + bytesOf(record), 0);
  const left = thinOut(records, room);
  expect(kept(records, left).map(({ id }) => id)).toEqual([...hosts, ...gifts].map(({ id }) => id));
  expect([...thinOut(records, 0)].some((id) => id.startsWith("gift"))).toBe(false);
});

test("the kept messages fit the room, whatever the messages", () => {
  const one = fc.record({ n: fc.nat(1e6), sender: fc.constantFrom("a", "b", "c", "host") });
  fc.assert(
    fc.property(fc.array(one), fc.integer({ min: 0, max: 30_000 }), (wishes, room) => {
      const records = wishes.map(({ n, sender }) => chatRecord(n, "text", 1, sender));
      const left = thinOut(records, room);
      const bytes = kept(records, left).reduce((sum, record) => sum + bytesOf(record), 0);
      expect(bytes).toBeLessThanOrEqual(room);
    }),
  );
});

test("chat is dropped only from several frames, when the rate is reached or they take too long", () => {
  const chat = Array.from({ length: 20 }, (_, n) => chatRecord(n, "hello", 1, `u${n}`));
  const bytes = chat.reduce((sum, record) => sum + bytesOf(record), 0);
  const dropped = (load: object) =>
    selectDropped(chat, {
      frameBytes: bytes / 2,
      posted: 100,
      postsPerSecond: 400,
      isLimited: false,
      ...load,
    }).size;
  expect(dropped({})).toBe(0);
  expect(dropped({ posted: 101 })).toBeGreaterThan(5);
  expect(dropped({ isLimited: true })).toBeGreaterThan(5);
  expect(dropped({ isLimited: true, posted: 1_000, frameBytes: bytes })).toBe(0);
  // A relay sends the frames: other rooms' posts say nothing about this one.
  expect(dropped({ isLimited: true, posted: 0 })).toBe(0);
});

test("the events that thinning keeps fit one frame", () => {
  const records = Array.from({ length: 200 }, (_, n) => chatRecord(n, "hi", 1, `u${n}`));
  const load = { posted: 1_000, postsPerSecond: 400, isLimited: true };
  const dropped = selectDropped(records, { ...load, frameBytes: frameBytesMax });
  const facts = { streamId, viewers: 1_000, dropped };
  expect(makeFrame(emptyLog, records, facts, now).taken).toBe(200);
});
