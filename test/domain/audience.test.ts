import fc from "fast-check";
import { goalChangesOf, goalResultOf, isGoalResultSound } from "../../domain/audience/goal.ts";
import {
  entersLikers,
  type LikeItem,
  type Liker,
  mergeLikers,
  nextSeconds,
  tap,
} from "../../domain/audience/likes.ts";
import { type MomentItem, makeMoment, momentAt, NewMoment } from "../../domain/audience/moment.ts";
import { addToWindow, type TrainWindow, trainCountOf } from "../../domain/audience/train.ts";
import {
  addedVotes,
  assertOptions,
  countVote,
  isSameVote,
  NewVote,
  pollResultOf,
} from "../../domain/audience/vote.ts";
import { Gift } from "../../domain/money/gift-item.ts";
import { personOf } from "../../domain/people/person.ts";
import { profileOf } from "../../domain/people/user.ts";
import { defaultTrain, TrainSettings } from "../../domain/streams/stream.ts";
import { gift, now, picture, streamId } from "./frame-samples.ts";

const at = (milliseconds: number) => new Date(now.getTime() + milliseconds);
const timeAt = (milliseconds: number) => at(milliseconds).toISOString();

/** Calls of sessions, each with its total and time; answers the totals, and the item at the end. */
function play(calls: [session: string, total: number, milliseconds: number][]) {
  let item: LikeItem | undefined;
  const totals = calls.map(([session, total, milliseconds], n) => {
    const by = { userId: "ann", streamId, change: `c${n}`, goals: [] };
    const made = tap(item, { session, total }, by, at(milliseconds));
    item = made.item ?? item;
    return made.total;
  });
  return { totals, likes: item?.likes ?? 0, item };
}

test("a repeated call counts once, and one with a smaller total changes nothing", () => {
  const calls: Parameters<typeof play>[0] = [
    ["a", 5, 0],
    ["a", 5, 1],
    ["a", 3, 2],
    ["a", 0, 3],
  ];
  expect(play(calls)).toMatchObject({ totals: [5, 5, 5, 5], likes: 5 });
});

test("taps are added up to the allowance: 100 at once, then 20 a second, rounded down", () => {
  const { totals, likes } = play([
    ["a", 1000, 0],
    ["a", 1000, 49],
    ["a", 1000, 100],
    ["a", 1000, 1100],
  ]);
  expect(totals).toEqual([100, 100, 102, 122]);
  expect(likes).toBe(122);
  expect(
    play([
      ["a", 90, 0],
      ["a", 1000, 3_600_000],
    ]).totals,
  ).toEqual([90, 190]);
});

test("a call from a clock that lags takes no taps away, and earns none", () => {
  const { totals, likes } = play([
    ["a", 60, 1_000],
    ["a", 90, 0],
    ["a", 1000, 1_000],
  ]);
  expect({ totals, likes }).toEqual({ totals: [60, 90, 100], likes: 100 });
});

test("a page that is opened again without a tap does not cost a user their rank in a tie", () => {
  const { item } = play([
    ["a", 5, 0],
    ["b", 0, 1_000],
  ]);
  expect(item).toMatchObject({ likes: 5, at: timeAt(0) });
});

test("sessions of one user add up; of five the least recently used one starts again", () => {
  const five = ["a", "b", "c", "d", "e"].map((name): [string, number, number] => [name, 2, 0]);
  expect(play(five).likes).toBe(10);
  expect(play([...five, ["b", 2, 1]]).likes).toBe(10);
  expect(play([...five, ["a", 2, 1]]).likes).toBe(12);
  expect(play([...five.slice(0, 4), ["a", 2, 1], ["e", 2, 1], ["a", 2, 2]]).likes).toBe(10);
});

test("a session in use does not replace the other three that are remembered", () => {
  const four = ["a", "b", "c", "d"].map((name): [string, number, number] => [name, 2, 0]);
  expect(play([...four, ["d", 3, 1], ["d", 4, 2], ["d", 5, 3], ["a", 2, 4]]).likes).toBe(11);
});

test("likes are stored with their times, and for each goal that was open", () => {
  const by = { userId: "ann", streamId, change: "c1", goals: ["g1"] };
  const first = tap(undefined, { session: "a", total: 60 }, by, at(0)).item;
  expect(first).toEqual({
    userId: "ann",
    streamId,
    change: "c1",
    likes: 60,
    goals: { g1: 60 },
    at: timeAt(0),
    begunAt: timeAt(0),
    sessions: [{ id: "a", total: 60 }],
    allowance: 40,
    filledAt: at(0).getTime(),
  });
  const both = { ...by, change: "c2", goals: ["g1", "g2"] };
  expect(tap(first, { session: "a", total: 61 }, both, at(50)).item).toEqual({
    ...first,
    change: "c2",
    likes: 61,
    goals: { g1: 61, g2: 1 },
    at: timeAt(50),
    sessions: [{ id: "a", total: 61 }],
    allowance: 40,
    filledAt: at(50).getTime(),
  });
  const { goals: _, begunAt: __, ...older } = first!;
  const none = tap(older, { session: "a", total: 61 }, { ...by, goals: [] }, at(0)).item;
  expect(none).toEqual({ ...older, likes: 61, sessions: [{ id: "a", total: 61 }], allowance: 39 });
});

test("a call without new taps writes nothing, or only that its session is in use", () => {
  const by = { userId: "ann", streamId, change: "c1", goals: ["g1"] };
  const { item } = play([["a", 5, 0]]);
  expect(tap(item, { session: "a", total: 5 }, by, at(1))).toEqual({ total: 5 });
  const opened = tap(item, { session: "b", total: 0 }, by, at(1)).item;
  expect(opened).not.toHaveProperty("goals");
  expect(tap(undefined, { session: "b", total: 0 }, by, at(1)).item).toMatchObject({
    likes: 0,
    at: timeAt(1),
    sessions: [{ id: "b", total: 0 }],
  });
});

test("clients wait a second for each thousand viewers before the next call, at most 30", () => {
  expect([0, 1, 1000, 1001, 29_001, 100_000].map(nextSeconds)).toEqual([1, 1, 1, 2, 30, 30]);
});

test("the top list has the users with most likes, whatever the order and repetition of merges", () => {
  const liker = fc.record({
    userId: fc.integer({ min: 0, max: 150 }).map((n) => `u${n}`),
    likes: fc.integer({ min: 1, max: 20 }),
  });
  const dated = ({ userId, likes }: { userId: string; likes: number }): Liker => ({
    userId,
    likes,
    at: at(likes * 7).toISOString(),
  });
  const some = fc.array(liker, { maxLength: 300 });
  const many = fc.array(liker, { minLength: 250, maxLength: 300 });
  fc.assert(
    fc.property(fc.oneof(some, many), fc.integer({ min: 1, max: 50 }), (all, size) => {
      const likers = all.map(dated);
      const inOrder = [...likers].sort(
        (a, b) => b.likes - a.likes || a.userId.localeCompare(b.userId),
      );
      const isFirst = ({ userId }: Liker, n: number) =>
        inOrder.findIndex((one) => one.userId === userId) === n;
      const whole = inOrder.filter(isFirst).slice(0, 100);
      let top: Liker[] = [];
      for (let from = 0; from < likers.length; from += size) {
        const part = [...likers.slice(from, from + size), ...likers.slice(0, from)];
        if (entersLikers(top, part)) top = mergeLikers(top, part);
      }
      expect(top).toEqual(whole);
      expect(mergeLikers([], likers)).toEqual(whole);
      expect(entersLikers(whole, likers)).toBe(false);
    }),
  );
});

test("ties in likes favour the user who got there first", () => {
  const top = mergeLikers(
    [],
    [
      { userId: "late", likes: 5, at: at(2).toISOString() },
      { userId: "early", likes: 5, at: at(1).toISOString() },
      { userId: "most", likes: 6, at: at(3).toISOString() },
    ],
  );
  expect(top.map(({ userId }) => userId)).toEqual(["most", "early", "late"]);
  const again = { userId: "early", likes: 5, at: at(9).toISOString() };
  expect(mergeLikers(top, [again])).toEqual(top);
});

test("a changed vote subtracts the previous one, and a tie has no winner", () => {
  expect(addedVotes([2], [0])).toEqual([-1, 0, 1]);
  expect(addedVotes([0, 1], [1])).toEqual([1, 0]);
  const none = { votes: [0, 0], voters: 0 };
  expect(pollResultOf(none).winner).toBeNull();
  expect(pollResultOf(countVote(none, [1]))).toEqual({ votes: [0, 1], voters: 1, winner: 1 });
  expect(pollResultOf(countVote(countVote(none, [1]), [0])).winner).toBeNull();
});

test("a vote for fewer options is another vote, the same options in any order are not", () => {
  expect(isSameVote([0], [0, 1])).toBe(false);
  expect(isSameVote([0, 1], [0])).toBe(false);
  expect(isSameVote([0, 1], [1, 2])).toBe(false);
  expect(isSameVote([1, 0], [0, 1])).toBe(true);
});

test("a vote has as many options as the poll permits, all of them among the poll's", () => {
  const poll = { options: ["a", "b", "c"], choices: 2 } as MomentItem;
  const invalid = expect.objectContaining({ code: "request_invalid" });
  expect(() => assertOptions(poll, [0, 2])).not.toThrow();
  expect(() => assertOptions(poll, [0, 1, 2])).toThrow(invalid);
  expect(() => assertOptions(poll, [3])).toThrow(invalid);
  expect(() => assertOptions(poll, [0, 3])).toThrow(invalid);
});

describe("a goal that counts gifts or credits", () => {
  const one = (more: object) => Gift.parse(gift(1, { createdAt: timeAt(0), ...more }));
  const amounts = (of: "gifts" | "credits", more: object) => {
    const goal = { of, startedAt: timeAt(0), endedAt: timeAt(1_000) } as MomentItem;
    return goalChangesOf(one(more), goal).map(({ amount }) => amount);
  };

  test("counts each gift for each receiver, and of a superlike only its credits", () => {
    const { receivers } = gift(1);
    const two = { count: 3, receivers: [...receivers, ...receivers], price: 60 };
    expect([amounts("gifts", two), amounts("credits", two)]).toStrictEqual([[6], [60]]);
    const superlike = { kind: "superlike" };
    expect([amounts("gifts", superlike), amounts("credits", superlike)]).toStrictEqual([[0], [10]]);
    const pass = { kind: "pass" };
    expect([amounts("gifts", pass), amounts("credits", pass)]).toStrictEqual([[], []]);
  });

  test("counts what was given and refunded before its end", () => {
    expect(amounts("credits", { createdAt: timeAt(-1) })).toStrictEqual([]);
    expect(amounts("credits", { createdAt: timeAt(1_000) })).toStrictEqual([]);
    expect(amounts("credits", { refundedAt: timeAt(999) })).toStrictEqual([10, -10]);
    expect(amounts("credits", { refundedAt: timeAt(1_000) })).toStrictEqual([10]);
  });
});

test("all gifts of the newest millisecond count for a train that they start", () => {
  let window: TrainWindow | undefined;
  const give = (by: string, milliseconds: number, credits: number) => {
    window = addToWindow(window, { by, at: timeAt(milliseconds), credits }, defaultTrain);
    return { at: window.latest, credits: window.latestCredits };
  };
  expect(give("ann", 2, 10)).toEqual({ at: timeAt(2), credits: 10 });
  expect(give("ben", 1, 10)).toEqual({ at: timeAt(2), credits: 10 });
  expect(give("cid", 2, 10)).toEqual({ at: timeAt(2), credits: 20 });
  expect(give("dan", 3, 5)).toEqual({ at: timeAt(3), credits: 5 });
});

describe("the result of a train", () => {
  const sender = (userId: string, username = userId) => ({
    sender: { ...gift(1).sender, userId, username },
  });
  const give = (userId: string, price: number, milliseconds: number, more: object = {}) =>
    Gift.parse(gift(1, { price, createdAt: timeAt(milliseconds), ...sender(userId), ...more }));
  const count = (gifts: Gift[], isOfDeleted = (_: Gift) => false) => {
    const span = { startedAt: timeAt(0), endedAt: timeAt(1_000) };
    const { credits, top } = trainCountOf(gifts, span, picture, isOfDeleted);
    return { credits, top: top.map(({ user, credits }) => [user._id, credits]) };
  };

  test("keeps a gift that is refunded after its end", () => {
    expect(count([give("ann", 10, 0, { refundedAt: timeAt(1_000) })]).credits).toBe(10);
    expect(count([give("ann", 10, 0, { refundedAt: timeAt(999) })]).credits).toBe(0);
  });

  test("counts the credits of deleted users, and does not name them", () => {
    const gifts = [give("gone", 30, 1, sender("gone", "")), give("ann", 10, 2)];
    const isOfDeleted = (one: Gift) => one.sender.userId === "gone" && one.price === 30;
    expect(count(gifts, isOfDeleted)).toEqual({ credits: 40, top: [["ann", 10]] });
    const again = [...gifts, give("gone", 5, 2)];
    const top = [
      ["ann", 10],
      ["gone", 5],
    ];
    expect(count(again, isOfDeleted)).toEqual({ credits: 45, top });
  });

  test("shows users without a username", () => {
    const gifts = [give("bare", 30, 1, sender("bare", "")), give("ann", 10, 2)];
    const top = [
      ["bare", 30],
      ["ann", 10],
    ];
    expect(count(gifts)).toEqual({ credits: 40, top });
  });

  test("names three at most, in a tie those who gave their credits first", () => {
    const gifts = [
      ...[give("late", 10, 5), give("early", 4, 1), give("early", 6, 4), give("few", 9, 0)],
      ...[give("most", 11, 9)],
    ];
    const top = [
      ["most", 11],
      ["early", 10],
      ["late", 10],
    ];
    expect(count(gifts)).toEqual({ credits: 40, top });
  });
});

test("a poll and a goal are over when their time is, a train when it has been counted", () => {
  const open = { status: "open", endsAt: timeAt(0), endedAt: null } as MomentItem;
  const train = { levels: [10], levelSeconds: 60 };
  expect(momentAt(open, at(-1))).toBe(open);
  expect(momentAt(open, at(0))).toMatchObject({ status: "ended", endedAt: timeAt(0) });
  expect(momentAt({ ...open, train }, at(60_000))).toMatchObject({ status: "open" });
});

test("a goal that was reached stays reached when gifts are refunded", () => {
  const late = [
    { at: "3", amount: -10 },
    { at: "1", amount: 10 },
    { at: "2", amount: 5 },
  ];
  expect(goalResultOf(late, 15)).toEqual({ amount: 5, reached: true });
  expect(goalResultOf(late, 16)).toEqual({ amount: 5, reached: false });
  const moves = [4, -3, 6, -2, 1].map((amount, n) => ({ at: `${n}`, amount }));
  fc.assert(
    fc.property(fc.shuffledSubarray(moves, { minLength: moves.length }), (inAnyOrder) => {
      expect(goalResultOf(inAnyOrder, 7)).toEqual({ amount: 6, reached: true });
      expect(goalResultOf(inAnyOrder, 8)).toEqual({ amount: 6, reached: false });
    }),
  );
});

test("a stored result of a goal may have been reached in another order, but not with less", () => {
  const moves = [
    { at: "1", amount: 6 },
    { at: "2", amount: -6 },
    { at: "3", amount: 4 },
  ];
  const isSound = (amount: number, reached: boolean, target: number) =>
    isGoalResultSound({ amount, reached }, moves, target);
  expect([isSound(4, true, 6), isSound(4, false, 7)]).toEqual([true, true]);
  // Viewers saw ten if the refund was committed last.
  expect([isSound(4, true, 10), isSound(4, true, 11)]).toEqual([true, false]);
  expect([isSound(4, false, 6), isSound(5, true, 6)]).toEqual([false, false]);
});

const poll = { kind: "poll", title: " Red? ", options: ["a", "b"], seconds: 10 };
const goal = { kind: "goal", title: "Mic", of: "credits", target: 1 };

test.each([
  [poll, true],
  [goal, true],
  [{ ...goal, seconds: 60 }, true],
  [{ ...poll, choices: 2 }, true],
  [{ ...poll, choices: 10 }, true],
  [{ ...poll, choices: 11 }, false],
  [{ ...poll, options: ["a"] }, false],
  [{ ...poll, options: ["a", " a"] }, false],
  [{ ...poll, options: Array.from({ length: 11 }, (_, n) => `${n}`) }, false],
  [{ ...poll, options: ["a", "b".repeat(81)] }, false],
  [{ ...poll, seconds: 9 }, false],
  [{ ...poll, seconds: 3601 }, false],
  [{ ...poll, title: "" }, false],
  [{ ...poll, title: "a".repeat(201) }, false],
  [{ ...goal, target: 0 }, false],
  [{ ...goal, target: 1_000_000_001 }, false],
  [{ ...goal, of: "viewers" }, false],
  [{ ...goal, seconds: 59 }, false],
  [{ kind: "quiz" }, false],
])("%j is a valid moment: %s", (body, isOne) => {
  expect(NewMoment.safeParse(body).success).toBe(isOne);
});

test.each([
  [[0], true],
  [[], false],
  [[0, 0], false],
  [[-1], false],
  [[0.5], false],
  [["0"], false],
])("%j is a valid vote: %s", (options, isOne) => {
  expect(NewVote.safeParse({ options }).success).toBe(isOne);
});

test.each([
  [0, 60, 0],
  [1, 60, 1],
  [1_501, 60, 2],
  [100_000, 20, 10],
  [1_000_000, 3600, 60],
])("in a room of %i a poll of %i s is spread over %i s", (viewers, seconds, spread) => {
  const body = NewMoment.parse({ ...poll, seconds });
  const by = personOf(profileOf("host", {}, now));
  const { spreadSeconds } = makeMoment(body, { id: "1".repeat(24), streamId, by, viewers }, now);
  expect(spreadSeconds).toBe(spread);
});

test.each([
  [{}, true],
  [{ startCredits: 0 }, false],
  [{ startSenders: 1 }, false],
  [{ startSenders: 51 }, false],
  [{ windowSeconds: 59 }, false],
  [{ windowSeconds: 601 }, false],
  [{ levelSeconds: 59.5 }, false],
  [{ levels: [] }, false],
  [{ levels: [1, 1] }, false],
  [{ levels: [2, 1] }, false],
  [{ levels: Array.from({ length: 11 }, (_, n) => n + 1) }, false],
  [{ levels: Array.from({ length: 10 }, (_, n) => n + 1) }, true],
  [{ enabled: "yes" }, false],
  [{ levelSeconds: undefined }, false],
])("trains with %j are valid: %s", (more, isValid) => {
  expect(TrainSettings.safeParse({ ...defaultTrain, ...more }).success).toBe(isValid);
});
