import fc from "fast-check";
import type { LogRecord } from "../../domain/log/event.ts";
import {
  type Frame,
  frameBytesMax,
  type LogEnd,
  makeFrame,
  withoutText,
} from "../../domain/log/frame.ts";
import { utf8Bytes } from "../../domain/text.ts";
import {
  change,
  chatRecord,
  emptyLog,
  gift,
  giftRecord,
  message,
  now,
  record,
  stream,
  streamId,
} from "./frame-samples.ts";

const saying = { streamId, viewers: 3 };

/** Cuts records into frames as the consumer does. */
function cut(records: readonly LogRecord[], end: LogEnd = emptyLog): Frame[] {
  const frames: Frame[] = [];
  let rest = records;
  while (rest.length > 0) {
    const log = frames.at(-1) ?? end;
    const at = { ...log, head: frames.at(-1)?.n ?? end.head };
    const { frame, taken } = makeFrame(at, rest, saying, now);
    frames.push(frame);
    rest = rest.slice(taken);
  }
  return frames;
}
const eventsOf = (frames: readonly Frame[]) =>
  frames.flatMap(({ body }) => JSON.parse(body).events);

test("a frame has the documented fields, in their order", () => {
  const [frame] = cut([chatRecord(1), giftRecord(2)]);
  const body = JSON.parse(frame!.body);
  expect(Object.keys(body)).toEqual([
    "type",
    "streamId",
    "epoch",
    "frame",
    "viewers",
    "skipped",
    "events",
  ]);
  expect(body).toMatchObject({
    type: "events",
    streamId,
    epoch: "e1",
    frame: 1,
    viewers: 3,
    skipped: 0,
  });
  expect(Object.keys(body.events[0])).toEqual(["id", "type", "at", "data"]);
  expect(body.events[1].data.totals).toEqual({ count: 1, credits: 10 });
});

test("whatever the order of records, frames are small, numbered without gaps, and cover each record once", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 500 });
  const one = fc.oneof(fc.record({ text }), fc.record({ count: fc.integer({ min: 1, max: 50 }) }));
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 80 }), (wishes) => {
      const records = wishes.map((wish, n) =>
        "text" in wish
          ? chatRecord(n, wish.text.toWellFormed(), n)
          : giftRecord(n, { count: wish.count, price: wish.count }, n),
      );
      const frames = cut(records);
      expect(frames.map(({ n }) => n)).toEqual(frames.map((_, at) => at + 1));
      for (const { body } of frames) expect(utf8Bytes(body)).toBeLessThanOrEqual(frameBytesMax);
      expect(frames.flatMap(({ covers }) => covers.split(" "))).toEqual(
        records.map(({ id }) => id),
      );
      expect(eventsOf(frames).map(({ id }) => id)).toEqual(records.map(({ id }) => id));
      const count = wishes.reduce((sum, wish) => sum + ("count" in wish ? wish.count : 0), 0);
      expect(frames.at(-1)!.totals).toEqual({ count, credits: count });
    }),
    { numRuns: 60 },
  );
});

const taps = { id: "c1", createdAt: 1, lane: "always", events: [], adds: { likes: 7 } } as const;

test("records that a reset of the log has counted are not added again", () => {
  const sumsAt = (createdAt: number) =>
    makeFrame({ ...emptyLog, resetAt: 500 }, [{ ...taps, createdAt }], saying, now).frame.sums;
  expect([sumsAt(500), sumsAt(501)]).toEqual([undefined, { likes: 7 }]);
});

test("a frame is filled to its last byte", () => {
  const records = [taps, giftRecord(1), giftRecord(2)];
  const take = (bytesMax?: number) =>
    makeFrame(emptyLog, records, { ...saying, ...(bytesMax && { bytesMax }) }, now);
  const bytes = utf8Bytes(take().frame.body);
  expect([take(bytes + 1).taken, take(bytes - 1).taken]).toEqual([3, 2]);
});

test("a frame is kept for 25 hours, and names the users whom its records block", () => {
  const ban = { id: "b1", actionType: "BLOCK", endsAt: null };
  const block = record(change("member", { userId: "ann", revision: 1, ban }));
  const [frame] = cut([chatRecord(1), block]);
  expect(frame).toMatchObject({ blocks: ["ann"], expiresAt: now.getTime() / 1000 + 25 * 3600 });
  expect(cut([chatRecord(1)])[0]!.blocks).toBeUndefined();
});

test("several events of one record have ids of their own", () => {
  const next = { ...stream, revision: 2, giftsEnabled: false, pinned: { messageId: "m1" } };
  const ids = eventsOf(cut([record(change("stream", next, stream))])).map(({ id }) => id);
  expect(ids).toEqual([`stream:${streamId}:2`, `stream:${streamId}:2.1`]);
});

test("more than one frame can hold goes into several, none larger than a message may be", () => {
  const records = Array.from({ length: 100 }, (_, n) => chatRecord(n, "x".repeat(500), n));
  const frames = cut(records);
  expect(frames.length).toBeGreaterThan(1);
  for (const { body } of frames) expect(utf8Bytes(body)).toBeLessThanOrEqual(frameBytesMax);
  expect(eventsOf(frames).map(({ id }) => id)).toEqual(records.map(({ id }) => id));
});

test("a frame stays small enough when its texts are deleted", () => {
  const letters = Array.from({ length: 100 }, (_, n) => chatRecord(1 + n, "x", n));
  for (let length = 1; length <= 500; length += 100) {
    const [frame] = cut([chatRecord(0, "x".repeat(length)), ...letters]);
    const [, ...short] = eventsOf([frame!]);
    const emptied = short.reduce(
      (body, { data }) => withoutText(body, data._id) ?? body,
      frame!.body,
    );
    expect(utf8Bytes(emptied)).toBeLessThanOrEqual(frameBytesMax);
  }
});

test("time in a log never moves backwards, whatever the clocks of the shards", () => {
  const [first] = cut([chatRecord(1, "a", 500), chatRecord(2, "b", 100)]);
  expect(first!.newest).toBe(500);
  const [second] = cut([chatRecord(3, "c", 200)], { ...first!, head: 1 });
  expect(second!.newest).toBe(500);
});

test("an event too large for any frame is covered and reported, and blocks nothing", () => {
  const huge = chatRecord(1);
  const large: LogRecord = {
    ...huge,
    events: [
      {
        ...huge.events[0]!,
        data: { ...huge.events[0]!.data, content: "x".repeat(40_000) } as never,
      },
    ],
  };
  const { frame, taken, tooLarge } = makeFrame(
    emptyLog,
    [chatRecord(2), large, chatRecord(3)],
    saying,
    now,
  );
  expect(taken).toBe(3);
  expect(tooLarge).toEqual([large]);
  expect(eventsOf([frame]).map(({ data }) => data.content)).toEqual(["message 2", "message 3"]);
  expect(frame.covers.split(" ")).toContain(large.id);
});

test("dropped messages are counted and covered, and money is never dropped", () => {
  const records = [chatRecord(1), chatRecord(2), giftRecord(3)];
  const dropped = new Set([records[0]!.id]);
  const { frame } = makeFrame(emptyLog, records, { ...saying, dropped }, now);
  expect(JSON.parse(frame.body)).toMatchObject({ skipped: 1, events: [{}, {}] });
  expect(frame.covers.split(" ")).toHaveLength(3);
});

test("a refund removes its gift from the totals", () => {
  const refunded = record(
    change("gift", gift(1, { refundedAt: now.toISOString(), revision: 2 }), gift(1)),
  );
  const [frame] = cut([giftRecord(1), giftRecord(2), refunded]);
  expect(frame!.totals).toEqual({ count: 1, credits: 10 });
  expect(eventsOf([frame!])).toMatchObject([
    { type: "gift.sent", data: { totals: { count: 1, credits: 10 } } },
    { type: "gift.sent", data: { totals: { count: 2, credits: 20 } } },
    { type: "gift.refunded", data: { credits: 10, totals: { count: 1, credits: 10 } } },
  ]);
});

test("a deletion removes the text from a frame being made and from a kept one", () => {
  const before = message(1, "secret");
  const { content: _, ...rest } = before;
  const deleted = { ...rest, deletedAt: now.toISOString(), revision: 2 };
  const deletion = record(change("message", deleted, before));
  expect(deletion.deletes?.messageId).toBe(before.id);
  expect(deletion.events[0]!.data).toEqual({ messageId: before.id, streamId });
  const [together] = cut([chatRecord(1, "secret"), chatRecord(2, "kept"), deletion]);
  expect(together!.body).not.toContain("secret");
  expect(eventsOf([together!]).map(({ type }) => type)).toEqual([
    "chat.message",
    "chat.message",
    "chat.deleted",
  ]);
  const [kept] = cut([chatRecord(1, "secret"), chatRecord(2, "kept")]);
  const without = withoutText(kept!.body, before.id)!;
  const whole = kept!.body.replace("secret", "").replace(/\}\},\{/, ',"deleted":true}},{');
  expect(without).toBe(whole);
  expect(withoutText(without, before.id)).toBeUndefined();
});

test("a deletion removes the text from the frames that pinned the message, found by their records", () => {
  const before = message(1, "secret");
  const pinned = { messageId: before.id, message: before };
  const pin = record(change("stream", { ...stream, revision: 5, pinned }, stream));
  expect(pin.events).toMatchObject([
    { type: "chat.pinned", data: { messageId: before.id, message: { content: "secret" } } },
  ]);
  const { content: _, ...rest } = before;
  const at = now.toISOString();
  const deleted = { ...rest, deletedAt: at, revision: 2, pins: [{ revision: 5, at }] };
  const deletion = record(change("message", deleted, before));
  expect(deletion.deletes?.pins).toEqual([{ recordId: pin.id, at }]);
  const [together] = cut([pin, deletion]);
  const without = withoutText(cut([pin])[0]!.body, before.id)!;
  for (const body of [together!.body, without])
    expect(JSON.parse(body).events[0].data).toMatchObject({
      messageId: before.id,
      message: { content: "", deleted: true },
    });
});
