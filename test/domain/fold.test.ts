import fc from "fast-check";
import { makeMoment, type NewMoment } from "../../domain/audience/moment.ts";
import { recordOf } from "../../domain/log/change.ts";
import type { LogRecord } from "../../domain/log/event.ts";
import { applyRecord } from "../../domain/log/fold.ts";
import { type Frame, type FrameBody, makeFrame } from "../../domain/log/frame.ts";
import type { LogState } from "../../domain/log/sums.ts";
import { personOf } from "../../domain/people/person.ts";
import { profileOf } from "../../domain/people/user.ts";
import {
  change,
  chatRecord,
  emptyLog,
  gift,
  now,
  picture,
  record,
  stream,
  streamId,
} from "./frame-samples.ts";

const by = personOf(profileOf("host", {}, now));
const seconds = (n: number) => new Date(now.getTime() + n * 1000).toISOString();
const idOf = (n: number) => n.toString(16).padStart(24, "0");

const moment = (n: number, body: NewMoment, more: object = {}) => ({
  ...makeMoment(body, { id: idOf(n), streamId, by, viewers: 0 }, now),
  ...more,
});
const poll = (n: number, more: object = {}) =>
  moment(n, { kind: "poll", title: "Red?", options: ["a", "b"], seconds: 60, choices: 1 }, more);
const goal = (n: number, of: "credits" | "gifts" | "likes", target: number, more: object = {}) =>
  moment(n, { kind: "goal", title: "Mic", of, target }, more);
const started = (item: object) => record(change("moment", item));
const ended = (item: { revision: number }, result: object) =>
  record(
    change("moment", { ...item, status: "ended", endedAt: seconds(60), result, revision: 9 }, item),
  );

const likeItem = (likes: number, name: string, more: object = {}) => ({
  userId: "ann",
  streamId,
  likes,
  at: seconds(1),
  sessions: [],
  allowance: 100,
  filledAt: 0,
  change: name,
  ...more,
});
const like = (from: number, to: number, name: string, more: object = {}) =>
  record(change("like", likeItem(to, name, more), likeItem(from, `${name}-before`)));

const voteItem = (n: number, userId: string, options: number[], at: string, name: string) => ({
  streamId,
  momentId: idOf(n),
  userId,
  options,
  at,
  change: name,
});
const vote = (n: number, options: number[], was?: number[], at = seconds(1), name = "v1") => {
  const before = was && voteItem(n, "ann", was, at, `${name}-before`);
  return record(change("vote", voteItem(n, "ann", options, at, name), before));
};
const giftAt = (n: number, at: string, more: object = {}) =>
  record(change("gift", gift(n, { createdAt: at, ...more })));
const refund = (n: number, at: string, refundedAt: string) =>
  record(change("gift", gift(n, { createdAt: at, refundedAt }), gift(n, { createdAt: at })));

function foldAll(records: readonly LogRecord[]) {
  let state: LogState = {};
  let newest = 0;
  const types: string[] = [];
  for (const one of records) {
    const { events, sums, moments, trains } = applyRecord(state, one, newest);
    state = { sums, moments, trains };
    newest = Math.max(newest, one.createdAt);
    types.push(...events.map(({ type }) => type));
  }
  return { ...state, types };
}

function framesOf(records: readonly LogRecord[], bytesMax?: number): Frame[] {
  const frames: Frame[] = [];
  let end: typeof emptyLog = emptyLog;
  for (let rest = records; rest.length > 0; ) {
    const facts = { streamId, viewers: 1, ...(bytesMax !== undefined && { bytesMax }) };
    const { frame, taken } = makeFrame(end, rest, facts, now);
    frames.push(frame);
    end = { ...end, ...frame, head: frame.n };
    rest = rest.slice(taken);
  }
  return frames;
}
const bodyOf = ({ body }: Frame): FrameBody => JSON.parse(body);

test("a frame has the new values of changed sums, and none if nothing changed", () => {
  const [first] = framesOf([like(0, 5, "c1"), chatRecord(1), like(5, 7, "c2")]);
  expect(bodyOf(first!).sums).toEqual({ likes: 7 });
  expect(bodyOf(first!).events.map(({ type }) => type)).toEqual(["chat.message"]);
  expect(first!.covers).toContain("c1 message:");
  const { frame: second } = makeFrame(
    { ...emptyLog, ...first!, head: 1 },
    [chatRecord(2)],
    { streamId, viewers: 1 },
    now,
  );
  expect(second.body).not.toContain("sums");
  expect(second.sums).toEqual({ likes: 7 });
});

test("a superlike does not repeat the sum of a goal of gifts, and a gift does", () => {
  const item = goal(1, "gifts", 5);
  const [first] = framesOf([started(item)]);
  const end = { ...emptyLog, ...first!, head: 1 };
  const sumsAfter = (one: LogRecord) =>
    bodyOf(makeFrame(end, [one], { streamId, viewers: 1 }, now).frame).sums;
  const { giftType: _, ...superlike } = { ...gift(2), createdAt: seconds(1), kind: "superlike" };
  expect(sumsAfter(record(change("gift", superlike)))).toBeUndefined();
  expect(sumsAfter(giftAt(3, seconds(1)))).toEqual({ [item.id]: 1 });
});

test("the frame of a moment's start has zeros, that of its end has its result", () => {
  const item = poll(1);
  const result = { votes: [0, 1], voters: 1, winner: 1 };
  const [first] = framesOf([started(item)]);
  expect(bodyOf(first!)).toMatchObject({
    sums: { [item.id]: [0, 0] },
    events: [{ id: `moment:${item.id}:started`, type: "moment.started" }],
  });
  const [last] = framesOf([started(item), vote(1, [0]), ended(item, result)]);
  expect(bodyOf(last!).sums).toEqual({ [item.id]: [0, 1] });
  expect(bodyOf(last!).events[1]).toMatchObject({ id: `moment:${item.id}:ended`, at: seconds(60) });
  expect(last!.sums).toBeUndefined();
});

test("a vote counts before its poll is known, and replaces the previous one", () => {
  const early = foldAll([vote(1, [0]), started(poll(1))]);
  expect(early.sums).toEqual({ [idOf(1)]: [1, 0] });
  const changed = foldAll([started(poll(1)), vote(1, [1]), vote(1, [0], [1], seconds(2), "v2")]);
  expect(changed.sums).toEqual({ [idOf(1)]: [1, 0] });
});

test("a vote counts as it is stored, even one that its poll's end overtook, until the result", () => {
  const item = poll(1);
  const end = ended(item, { votes: [1, 0], voters: 1, winner: 0 });
  const { sums } = foldAll([
    started(item),
    vote(1, [0]),
    end,
    vote(1, [1], undefined, seconds(2), "v2"),
  ]);
  expect(sums).toBeUndefined();
  const byHand = record(
    change("moment", { ...item, status: "ended", endedAt: seconds(5), revision: 2 }, item),
  );
  expect(byHand.events).toEqual([]);
  const overtaken = vote(1, [1], undefined, seconds(5), "v2");
  for (const records of [
    [started(item), byHand, overtaken],
    [started(item), overtaken, byHand],
  ])
    expect(foldAll(records).sums).toEqual({ [item.id]: [0, 1] });
});

test("a log forgets moments ten minutes after their end, and keeps no more than 64", () => {
  const end = (n: number) => ended(poll(n), { votes: [0, 0], voters: 0, winner: null });
  const all = Array.from({ length: 65 }, (_, n) => n + 1);
  const { moments = [] } = foldAll(all.flatMap((n) => [started(poll(n)), end(n)]));
  expect(moments.map(({ id }) => id)).toEqual(all.slice(1).map(idOf));
  const after = (seconds: number, one: LogRecord) =>
    applyRecord({ moments }, one, end(1).createdAt + seconds);
  expect(after(599, like(0, 1, "c1")).moments).toEqual(moments);
  expect(after(600, like(0, 1, "c1")).moments).toBeUndefined();
  // A vote for a moment that the log does not know may be early, but not later than that.
  expect(after(600, vote(99, [0])).sums).toEqual({ [idOf(99)]: [1] });
  expect(after(601, vote(99, [0])).sums).toBeUndefined();
});

test("a change after a moment's end does not end it a second time", () => {
  const result = { votes: [0, 0], voters: 0, winner: null };
  const item = { ...poll(1), status: "ended", endedAt: seconds(60), result, revision: 2 };
  const again = change("moment", { ...item, revision: 3 }, item);
  expect(recordOf(again, picture)).toBeUndefined();
});

test("likes of a goal count as they are stored, even those that its end overtook", () => {
  const item = goal(1, "likes", 1000);
  const byHand = record(
    change("moment", { ...item, status: "ended", endedAt: seconds(5), revision: 2 }, item),
  );
  const taps = like(0, 3, "c1", { at: seconds(5), goals: { [item.id]: 3 } });
  for (const records of [
    [started(item), byHand, taps],
    [started(item), taps, byHand],
  ])
    expect(foldAll(records).sums).toEqual({ likes: 3, [item.id]: 3 });
  const end = ended(item, { amount: 3, reached: false });
  expect(foldAll([started(item), end, taps]).sums).toEqual({ likes: 3 });
});

test("a goal counts gifts sent within its time, less refunds within it", () => {
  const item = goal(1, "credits", 1000, { endsAt: seconds(60) });
  const { sums } = foldAll([
    started(item),
    giftAt(2, seconds(-1)),
    giftAt(3, seconds(0)),
    giftAt(4, seconds(59)),
    giftAt(5, seconds(60)),
    giftAt(6, seconds(10)),
    refund(6, seconds(10), seconds(20)),
    refund(4, seconds(59), seconds(61)),
  ]);
  expect(sums).toEqual({ [item.id]: 20 });
});

test("a goal is reached only once, in the frame of the gift that reached it", () => {
  const item = goal(1, "gifts", 2);
  const records = [
    started(item),
    giftAt(2, seconds(1)),
    giftAt(3, seconds(2)),
    refund(3, seconds(2), seconds(3)),
    record(change("moment", { ...item, endedAt: seconds(9), revision: 2 }, item)),
    giftAt(4, seconds(4)),
  ];
  expect(foldAll(records)).toMatchObject({ sums: { [item.id]: 2 }, types: ["moment.changed"] });
  const [frame] = framesOf(records);
  const reached = bodyOf(frame!).events.filter(({ type }) => type === "moment.changed");
  expect(reached).toMatchObject([
    { id: `moment:${item.id}:reached`, at: seconds(2), data: { reached: true, title: "Mic" } },
  ]);
});

const train = {
  enabled: true,
  startCredits: 30,
  startSenders: 2,
  windowSeconds: 100,
  levels: [50],
  levelSeconds: 60,
};
const setTrain = (revision: number, more: object = {}) =>
  record(
    change(
      "stream",
      { ...stream, revision, train: { ...train, ...more } },
      { ...stream, revision: revision - 1 },
    ),
  );
const give = (n: number, userId: string) =>
  giftAt(n, seconds(n), { sender: { ...gift(n).sender, userId }, price: 20 });

test("the train of a gift that starts one and reaches a goal is announced first", () => {
  const item = goal(1, "gifts", 2);
  const records = [setTrain(2), started(item), give(2, "ann"), give(3, "ben")];
  const { frame } = makeFrame(emptyLog, records, { streamId, viewers: 1 }, now);
  const ids = (JSON.parse(frame.body) as FrameBody).events.map(({ id }) => id);
  const found = ids.filter((id) => id.startsWith("moment:")).slice(1);
  expect(found).toEqual([`moment:${idOf(3)}:started`, `moment:${item.id}:reached`]);
});

test("a goal or train that a call ends counts the gifts that its log had, and none sent later", () => {
  const item = goal(1, "gifts", 100);
  const end = (more: object = {}) => change("moment", { ...byHand, ...more }, item);
  const byHand = { ...item, status: "ended", endedAt: seconds(5), revision: 2 };
  const records = [started(item), giftAt(2, seconds(6)), record(end()), giftAt(3, seconds(5))];
  // Its next revision, such as without the names of a deleted user, moves the end no further.
  const later = [giftAt(4, seconds(7)), record(end({ revision: 3 })), giftAt(5, seconds(6.001))];
  const { sums, moments } = foldAll([...records, ...later]);
  expect(sums).toEqual({ [item.id]: 2 });
  expect(moments).toMatchObject([{ endsAt: seconds(6.001) }]);

  const [id, levels] = [idOf(3), { levels: [500], levelSeconds: 60 }];
  const open = { id, streamId, kind: "train", status: "open", startedAt: seconds(3) };
  const was = { ...open, endsAt: seconds(63), endedAt: null, train: levels, revision: 1 };
  const is = { ...was, status: "ended", endedAt: seconds(5), revision: 2 };
  const began = [setTrain(2, levels), give(2, "ann"), give(3, "ben")];
  const ended = foldAll([
    ...[...began, give(6, "ann"), record(change("moment", is, was))],
    ...[give(5, "ben"), give(7, "ben")],
  ]);
  expect(ended.sums).toEqual({ [id]: [0, 60, 500] });
  expect(ended.moments).toMatchObject([{ endsAt: seconds(6.001) }]);
});

test("a train's window that becomes shorter keeps its gifts for the new length", () => {
  const startedBy = (n: number) => {
    const records = [setTrain(2), give(1, "ann"), setTrain(3, { windowSeconds: 50 })];
    const [frame] = framesOf([...records, give(n, "ben")]);
    return bodyOf(frame!).events.some(({ type }) => type === "moment.started");
  };
  expect([startedBy(40), startedBy(80)]).toEqual([true, false]);
});

test("a goal of likes counts what each like has added to it", () => {
  const item = goal(1, "likes", 5);
  const { sums, types } = foldAll([started(item), like(3, 10, "c1", { goals: { [item.id]: 7 } })]);
  expect(sums).toEqual({ likes: 7, [item.id]: 7 });
  expect(types).toEqual(["moment.changed"]);
  const images = [10, 12].map((likes) =>
    likeItem(likes, `c${likes}`, { goals: { [item.id]: likes - 3 } }),
  );
  expect(record(change("like", images[1], images[0])).adds).toEqual({ likes: 2, [item.id]: 2 });
});

test("a thousand votes take 16 KB of a frame's ids, and more votes make another frame", () => {
  const votes = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      vote(1, [n % 2], undefined, seconds(1), `id${n}`.padEnd(12, "x")),
    );
  const [frame] = framesOf([started(poll(1)), ...votes(1000)]);
  expect(frame!.covers.length).toBeLessThan(16_000);
  expect(framesOf([started(poll(1)), ...votes(10_000)]).length).toBe(2);
});

test("the sums are those of all records, however they are split into frames", () => {
  const items = [poll(1), goal(2, "credits", 50), goal(3, "likes", 9)];
  const action = fc.oneof(
    fc.record({ likes: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ option: fc.integer({ min: 0, max: 1 }) }),
    fc.constant({ gift: true }),
    fc.constant({ chat: true }),
  );
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 40 }),
      fc.integer({ min: 4_000, max: 32_000 }),
      (all, bytes) => {
        const model = { likes: 0, votes: [0, 0], credits: 0 };
        const records = all.map((one, n): LogRecord => {
          if ("likes" in one) {
            model.likes += one.likes;
            return like(0, one.likes, `c${n}`, { goals: { [idOf(3)]: one.likes } });
          }
          if ("option" in one) {
            model.votes[one.option]! += 1;
            return vote(1, [one.option], undefined, seconds(1), `v${n}`);
          }
          if ("gift" in one) model.credits += 10;
          return "gift" in one ? giftAt(n + 10, seconds(1)) : chatRecord(n + 1);
        });
        const frames = framesOf([...items.map(started), ...records], bytes);
        const shown: Record<string, unknown> = {};
        for (const frame of frames) Object.assign(shown, bodyOf(frame).sums);
        const is = { [idOf(1)]: model.votes, [idOf(2)]: model.credits, [idOf(3)]: model.likes };
        expect({ likes: 0, ...shown }).toEqual({ likes: model.likes, ...is });
        expect(frames.at(-1)!.sums).toEqual(shown);
        const reached = frames
          .flatMap((one) => bodyOf(one).events)
          .filter(({ type }) => type === "moment.changed");
        expect(reached.length).toBe(Number(model.credits >= 50) + Number(model.likes >= 9));
        for (const { body } of frames) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(bytes);
      },
    ),
    { numRuns: 60 },
  );
});

test("neither a gift from before a goal's record counts for the goal, nor its refund", () => {
  const early = [giftAt(1, seconds(1)), giftAt(2, seconds(3))];
  const late = [refund(1, seconds(1), seconds(4)), giftAt(3, seconds(2)), giftAt(4, seconds(4))];
  const { sums, moments } = foldAll([...early, started(goal(9, "credits", 100)), ...late]);
  expect(sums).toEqual({ [idOf(9)]: 10 });
  const startedAt = new Date(Date.parse(seconds(3)) + 1).toISOString();
  expect(moments).toMatchObject([{ id: idOf(9), startedAt }]);
  const others = [started(goal(8, "likes", 100)), started(poll(7))];
  expect(foldAll([...early, ...others]).moments).toMatchObject([
    { startedAt: now.toISOString() },
    { startedAt: now.toISOString() },
  ]);
});
