import fc from "fast-check";
import { trainAsOf } from "../../domain/audience/train.ts";
import { recordOf } from "../../domain/log/change.ts";
import type { LogRecord } from "../../domain/log/event.ts";
import { type Frame, type FrameBody, type LogEnd, makeFrame } from "../../domain/log/frame.ts";
import { isOpenTrain } from "../../domain/log/train-progress.ts";
import { Gift } from "../../domain/money/gift-item.ts";
import type { TrainSettings } from "../../domain/streams/stream.ts";
import { change, emptyLog, gift, now, picture, record, stream, streamId } from "./frame-samples.ts";

/** Starts with 30 credits of two users within 100 s; levels at 50, 80 and 200, each 60 s. */
const settings: TrainSettings = {
  enabled: true,
  startCredits: 30,
  startSenders: 2,
  windowSeconds: 100,
  levels: [50, 80, 200],
  levelSeconds: 60,
};
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000).toISOString();
const idOf = (n: number) => n.toString(16).padStart(24, "0");

const senderOf = (userId: string) => ({ ...gift(1).sender, userId });
const given = (n: number, by: string, seconds: number, price: number) =>
  gift(n, { createdAt: at(seconds), sender: senderOf(by), price });
const give = (n: number, by: string, seconds: number, price: number) =>
  record(change("gift", given(n, by, seconds, price)));
const takeBack = (item: object, seconds: number) =>
  record(change("gift", { ...item, refundedAt: at(seconds) }, item));

const withTrain = (revision: number, more: object = {}) => ({ ...stream, revision, ...more });
const set = (revision: number, train: TrainSettings, seconds = 0) =>
  record(
    change(
      "stream",
      withTrain(revision, { train, updatedAt: at(seconds) }),
      withTrain(revision - 1),
    ),
  );
const setting = set(2, settings);

/** What a log shows of records: its sums, its events of moments and its state. */
function play(records: readonly LogRecord[], bytesMax?: number, size = records.length) {
  let end: LogEnd = emptyLog;
  const events: FrameBody["events"] = [];
  const sums: Record<string, unknown> = {};
  let frame: Frame | undefined;
  for (let from = 0; from < records.length; from += size)
    for (let rest = records.slice(from, from + size); rest.length > 0; ) {
      const facts = { streamId, viewers: 1, ...(bytesMax !== undefined && { bytesMax }) };
      const made = makeFrame(end, rest, facts, now);
      frame = made.frame;
      const body: FrameBody = JSON.parse(frame.body);
      events.push(...body.events.filter(({ type }) => type.startsWith("moment.")));
      Object.assign(sums, body.sums);
      // As the table has it.
      end = { ...emptyLog, ...JSON.parse(JSON.stringify(frame)), head: frame.n };
      rest = rest.slice(made.taken);
    }
  const told = events.map(({ type, at, data }) => [
    type.slice("moment.".length),
    (Date.parse(at) - now.getTime()) / 1000,
    data.level,
    (Date.parse(String(data.endsAt)) - now.getTime()) / 1000,
  ]);
  return { events, told, sums, frame: frame!, trains: (frame!.moments ?? []).filter(isOpenTrain) };
}

test("a train begins with the gift that completes the required users and credits", () => {
  const records = [setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10), give(3, "ann", 3, 5)];
  const { told, sums, events } = play(records);
  expect(told).toEqual([["started", 2, 0, 62]]);
  expect(sums).toEqual({ [idOf(2)]: [0, 15, 50] });
  expect(events[0]).toMatchObject({
    id: `moment:${idOf(2)}:started`,
    data: { id: idOf(2), streamId, kind: "train", status: "open", title: null, by: null },
  });
});

test.each([
  ["one sender alone", [give(1, "ann", 1, 100), give(2, "ann", 2, 100)]],
  ["too few credits", [give(1, "ann", 1, 20), give(2, "ben", 2, 9)]],
  ["gifts further apart than the window", [give(1, "ann", 1, 20), give(2, "ben", 112, 20)]],
  [
    "a gift that was released",
    [
      give(1, "ann", 1, 20),
      takeBack(given(1, "ann", 1, 20), 2),
      give(2, "ben", 3, 25),
      give(3, "ann", 4, 4),
    ],
  ],
  [
    "a gift that a callback decided on",
    [give(1, "ann", 1, 20), record(change("gift", { ...given(2, "ben", 2, 20), charged: false }))],
  ],
])("%s starts no train", (_, records) => {
  expect(play([setting, ...records])).toMatchObject({ told: [], sums: {} });
});

test("a train begins no earlier than the gifts that its log had before the settings", () => {
  const gifts = [give(2, "ben", 3, 30), give(3, "ann", 4, 20), give(4, "ben", 6, 30)];
  const { told } = play([give(1, "eva", 5, 20), setting, ...gifts, give(5, "ann", 7, 1)]);
  expect(told).toEqual([["started", 7, 0, 67]]);
});

test("a superlike counts, and gifts within nine tenths of the window always do", () => {
  const { giftType: _, ...superlike } = { ...given(2, "ben", 91, 20), kind: "superlike" };
  const records = [setting, give(1, "ann", 1, 20), record(change("gift", superlike))];
  expect(play(records).told).toEqual([["started", 91, 0, 151]]);
});

test("two levels in one gift are two events in order, and each adds its seconds", () => {
  const { told, sums } = play([
    ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10)],
    ...[give(3, "eva", 10, 75), give(4, "ann", 130, 1)],
  ]);
  expect(told).toEqual([
    ["started", 2, 0, 62],
    ["changed", 10, 1, 122],
    ["changed", 10, 2, 182],
  ]);
  expect(sums).toEqual({ [idOf(2)]: [2, 86, 200] });
});

test("the gift that starts a train may reach a level, and at the highest there is no next", () => {
  const { told, sums } = play([setting, give(1, "ann", 1, 20), give(2, "ben", 2, 300)]);
  expect(told.map(([type, , level]) => [type, level])).toEqual([
    ...[
      ["started", 0],
      ["changed", 1],
      ["changed", 2],
      ["changed", 3],
    ],
  ]);
  expect(sums).toEqual({ [idOf(2)]: [3, 300, null] });
});

test("a refund lowers the credits and never the level, which is not shown again", () => {
  const big = given(3, "eva", 10, 60);
  const { told, sums } = play([
    ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10), record(change("gift", big))],
    ...[takeBack(big, 20), give(4, "eva", 30, 50)],
  ]);
  expect(told.map(([type, , level]) => [type, level])).toEqual([
    ["started", 0],
    ["changed", 1],
  ]);
  expect(sums).toEqual({ [idOf(2)]: [1, 60, 80] });
});

test("a gift belongs to a train by its time: after the end it may start the next train", () => {
  const { told, sums } = play([
    ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10)],
    ...[give(3, "ann", 61.999, 1), give(4, "ann", 62, 20), give(5, "ben", 63, 10)],
    give(6, "ann", 61, 2),
  ]);
  expect(told).toEqual([
    ["started", 2, 0, 62],
    ["started", 63, 0, 123],
  ]);
  expect(sums).toEqual({ [idOf(2)]: [0, 13, 50], [idOf(5)]: [0, 10, 50] });
});

test("gifts after the end belong to the train once an earlier gift extends it", () => {
  const { told, sums, frame } = play([
    ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10)],
    ...[give(3, "ann", 62, 35), give(4, "eva", 61, 40)],
  ]);
  expect(told.map(([type, , level, end]) => [type, level, end])).toEqual([
    ...[
      ["started", 0, 62],
      ["changed", 1, 122],
      ["changed", 2, 182],
    ],
  ]);
  expect(sums).toEqual({ [idOf(2)]: [2, 85, 200] });
  expect(frame.trains?.window).toBeUndefined();
});

test("a train with a successor is not extended", () => {
  const { told, sums } = play([
    ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10)],
    ...[give(3, "ann", 62, 20), give(4, "ben", 63, 10), give(5, "eva", 61, 40)],
  ]);
  expect(told.at(-1)).toEqual(["changed", 61, 1, 62]);
  expect(sums).toMatchObject({ [idOf(2)]: [1, 50, 80], [idOf(4)]: [0, 10, 50] });
});

const ended = (item: object, more: object) =>
  record(change("moment", { ...item, revision: 9, ...more }, item));
const trainItem = (n: number, startedAt: number) => ({
  id: idOf(n),
  streamId,
  kind: "train",
  status: "open",
  startedAt: at(startedAt),
  endsAt: at(startedAt + 60),
  endedAt: null,
  level: 0,
  revision: 1,
  train: { levels: settings.levels, levelSeconds: 60 },
});

test("the end of a train, even by hand, empties the window, and its result replaces its sum", () => {
  const item = trainItem(2, 2);
  const byHand = ended(item, { status: "ended", endedAt: at(30) });
  const result = { level: 0, credits: 10, top: [] };
  const over = ended({ ...item, status: "ended", endedAt: at(30) }, { result });
  const { told, sums, frame } = play([
    ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10), byHand],
    ...[give(3, "ann", 29, 20), give(4, "ben", 31, 20), over, give(5, "ben", 32, 5)],
  ]);
  expect(told.map(([type]) => type)).toEqual(["started", "ended"]);
  expect(sums).toEqual({ [idOf(2)]: [0, 10, 50] });
  expect(frame.sums).toBeUndefined();
  expect(frame.trains).toMatchObject({ from: at(30), window: { latest: at(32) } });
});

test("disabling cancels the train, once, and no other begins until it is enabled", () => {
  const off = set(3, { ...settings, enabled: false }, 20);
  const { told, sums, events, frame } = play([
    ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10), off],
    ...[give(3, "ann", 21, 40), give(4, "ben", 22, 40)],
    ...[set(4, settings, 30), give(5, "ann", 31, 20), give(6, "ben", 32, 20)],
  ]);
  expect(told.map(([type]) => type)).toEqual(["started", "ended", "started"]);
  expect(events[1]).toMatchObject({
    id: `moment:${idOf(2)}:ended`,
    data: { status: "cancelled", endedAt: at(20), result: null },
  });
  expect(sums[idOf(6)]).toEqual([0, 20, 50]);
  expect(frame.sums).toEqual({ [idOf(6)]: [0, 20, 50] });
  const cancelled = { status: "cancelled", endedAt: at(20), isCancelledByLog: true };
  const item = trainItem(2, 2);
  // The log has told of it already.
  const stored = change("moment", { ...item, revision: 2, ...cancelled }, item);
  expect(recordOf(stored, picture)).toBeUndefined();
  // Late gifts of the cancelled one start no other.
  const late = [give(3, "ann", 10, 20), give(4, "ben", 19, 20)];
  const first = [setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10)];
  expect(play([...first, off, set(4, settings, 30), ...late]).told).toHaveLength(2);
});

test("new settings apply from the next train on, and outdated ones are ignored", () => {
  const higher = { ...settings, levels: [1_000], levelSeconds: 120 };
  const { told, sums } = play([
    ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10), set(4, higher, 5)],
    ...[set(3, { ...settings, enabled: false }, 4), give(3, "ann", 10, 40)],
    ...[give(4, "ann", 130, 20), give(5, "ben", 131, 10)],
  ]);
  expect(told).toEqual([
    ["started", 2, 0, 62],
    ["changed", 10, 1, 122],
    ["started", 131, 0, 251],
  ]);
  expect(sums).toMatchObject({ [idOf(2)]: [1, 50, 80], [idOf(5)]: [0, 10, 1_000] });
});

test("a train ends with its stream, and none begins after it", () => {
  const over = withTrain(3, {
    train: settings,
    status: "ended",
    endedAt: at(20),
    updatedAt: at(20),
  });
  const { told, sums, trains } = play([
    ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10)],
    record(change("stream", over, withTrain(2, { train: settings }))),
    ...[give(3, "ann", 19, 45), give(4, "ben", 20, 40), give(5, "ann", 20, 40)],
  ]);
  expect(told).toEqual([
    ["started", 2, 0, 62],
    ["changed", 19, 1, 20],
  ]);
  expect(sums).toEqual({ [idOf(2)]: [1, 55, 80] });
  expect(trains).toMatchObject([{ endsAt: at(20) }]);
});

test("fifty senders are counted, and a window has at most a hundred and ten entries", () => {
  const many = { ...settings, startSenders: 50, startCredits: 600 };
  const records = Array.from({ length: 599 }, (_, n) => give(n + 1, `u${n % 50}`, n / 8, 1));
  const before = play([set(2, many), ...records]);
  expect(before.told).toEqual([]);
  expect(before.frame.trains?.window?.given.length).toBeLessThanOrEqual(110);
  expect(JSON.stringify(before.frame.trains)).not.toContain('"u1"');
  const { told } = play([set(2, many), ...records, give(600, "u1", 75, 1)]);
  expect(told).toEqual([["started", 75, 0, 135]]);
});

/** The rules by the gifts' times, told in their order: what a log must say. */
function model(moves: readonly { by: string; at: number; credits: number; of: number }[]) {
  const told: unknown[] = [];
  let window: { by: string; at: number; credits: number; of: number }[] = [];
  let train: { id: number; start: number; end: number; level: number; credits: number } | undefined;
  const sums: Record<string, unknown> = {};
  const ride = (credits: number, at: number) => {
    train!.credits += credits;
    while (train!.credits >= (settings.levels[train!.level] ?? Number.POSITIVE_INFINITY)) {
      train!.level += 1;
      train!.end += 60;
      told.push(["changed", at, train!.level, train!.end]);
    }
    const { id, level } = train!;
    sums[idOf(id)] = [level, train!.credits, settings.levels[level] ?? null];
  };
  const starts = new Map<number, number>();
  for (const { by, at, credits, of } of moves) {
    if (train !== undefined && at >= train.end) train = undefined;
    const givenAt = credits > 0 ? at : starts.get(of)!;
    if (credits > 0) starts.set(of, at);
    if (train !== undefined) {
      if (givenAt >= train.start) ride(credits, at);
      continue;
    }
    window =
      credits > 0 ? [...window, { by, at, credits, of }] : window.filter((one) => one.of !== of);
    const latest = Math.max(...window.map((one) => one.at));
    // A tenth is 10 s, counted from the start of the clock; `now` is at a whole one.
    window = window.filter((one) => Math.floor(one.at / 10) * 10 + 5 > latest - 100);
    const senders = new Set(window.map((one) => one.by));
    const sum = window.reduce((all, one) => all + one.credits, 0);
    if (credits < 0 || senders.size < 2 || sum < 30) continue;
    train = { id: of, start: at, end: at + 60, level: 0, credits: 0 };
    told.push(["started", at, 0, at + 60]);
    window = [];
    ride(credits, at);
  }
  return { told, sums };
}

/** Gifts with pauses between them; some are released a while later. */
const gifts = fc.array(
  fc.record({
    by: fc.constantFrom("ann", "ben", "eva"),
    pause: fc.integer({ min: 1, max: 45 }),
    credits: fc.integer({ min: 1, max: 40 }),
    back: fc.option(fc.integer({ min: 1, max: 70 }), { nil: undefined }),
  }),
  { minLength: 5, maxLength: 60 },
);

/** Their moves by time, of which no two have the same. */
function movesOf(
  all: readonly { by: string; pause: number; credits: number; back?: number | undefined }[],
) {
  let clock = 0;
  const moves = all.flatMap(({ by, pause, credits, back }, n) => {
    clock += pause;
    const own = { by, credits, of: n + 1 };
    const item = given(n + 1, by, clock, credits);
    const refunded = clock + (back ?? 0) + (n + 1) / 1000;
    const gave = { ...own, at: clock, record: record(change("gift", item)) };
    return back === undefined
      ? [gave]
      : [gave, { ...own, credits: -credits, at: refunded, record: takeBack(item, refunded) }];
  });
  return moves.sort((a, b) => a.at - b.at);
}

test("a log that gets gifts in order follows the rules, in frames of any size", () => {
  let trains = 0;
  fc.assert(
    fc.property(
      gifts,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 5_000, max: 32_000 }),
      (all, size, bytes) => {
        const moves = movesOf(all);
        const expected = model(moves);
        const is = play([setting, ...moves.map((one) => one.record)], bytes, size);
        expect({ told: is.told, sums: is.sums }).toEqual(expected);
        trains += expected.told.length;
      },
    ),
    { numRuns: 200 },
  );
  expect(trains).toBeGreaterThan(100);
});

test("in any order within seconds a train has the level, end and credits of its gifts", () => {
  const one = fc.record({
    seconds: fc.integer({ min: 3, max: 260 }),
    credits: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(one, fc.integer({ min: 0, max: 12 })), { maxLength: 30 }),
      (all) => {
        const items = all.map(([{ seconds, credits }], n) =>
          given(n + 10, "eva", seconds, credits),
        );
        const order = all
          .map(([{ seconds }, late], n) => ({ n, at: seconds + late }))
          .sort((a, b) => a.at - b.at);
        const { trains, sums } = play([
          ...[setting, give(1, "ann", 1, 20), give(2, "ben", 2, 10)],
          ...order.map(({ n }) => record(change("gift", items[n]!))),
        ]);
        const counted = [given(2, "ben", 2, 10), ...items].map((item) => Gift.parse(item));
        const begun = { startedAt: at(2), endsAt: at(62), level: 0, isSealed: false };
        const { level, endsAt, credits } = trainAsOf(counted, begun, settings);
        expect(trains).toMatchObject([{ endsAt, train: { level } }]);
        expect(sums[idOf(2)]).toEqual([level, credits, settings.levels[level] ?? null]);
      },
    ),
    { numRuns: 300 },
  );
});
