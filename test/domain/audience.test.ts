import fc from "fast-check";
import { goalResultOf } from "../../domain/audience/goal.ts";
import {
  entersLikers,
  type LikeItem,
  type Liker,
  mergeLikers,
  nextSeconds,
  tap,
} from "../../domain/audience/likes.ts";
import { makeMoment, NewMoment } from "../../domain/audience/moment.ts";
import { addedVotes, countVote, NewVote, pollResultOf } from "../../domain/audience/vote.ts";
import { personOf } from "../../domain/people/person.ts";
import { profileOf } from "../../domain/people/user.ts";
import { defaultTrain, TrainSettings } from "../../domain/streams/stream.ts";
import { now, streamId } from "./frame-samples.ts";

const at = (milliseconds: number) => new Date(now.getTime() + milliseconds);

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

test("sessions of one user add up; of five the least recently used one starts again", () => {
  const five = ["a", "b", "c", "d", "e"].map((name): [string, number, number] => [name, 2, 0]);
  expect(play(five).likes).toBe(10);
  expect(play([...five, ["b", 2, 1]]).likes).toBe(10);
  expect(play([...five, ["a", 2, 1]]).likes).toBe(12);
  expect(play([...five.slice(0, 4), ["a", 2, 1], ["e", 2, 1], ["a", 2, 2]]).likes).toBe(10);
});

test("clients wait a second for each thousand viewers before the next call, at most 30", () => {
  expect([0, 1, 1000, 1001, 29_001, 100_000].map(nextSeconds)).toEqual([1, 1, 1, 2, 30, 30]);
});

test("the top list is the same whatever the order and repetition of merges", () => {
  const liker = fc.record({
    userId: fc.integer({ min: 0, max: 150 }).map((n) => `u${n}`),
    likes: fc.integer({ min: 1, max: 20 }),
  });
  const dated = ({ userId, likes }: { userId: string; likes: number }): Liker => ({
    ...{ userId, likes, at: at(likes * 7).toISOString() },
  });
  fc.assert(
    fc.property(
      fc.array(liker, { maxLength: 300 }),
      fc.integer({ min: 1, max: 50 }),
      (all, size) => {
        const likers = all.map(dated);
        const whole = mergeLikers([], likers);
        let top: Liker[] = [];
        for (let from = 0; from < likers.length; from += size) {
          const part = [...likers.slice(from, from + size), ...likers.slice(0, from)];
          if (entersLikers(top, part)) top = mergeLikers(top, part);
        }
        expect(top).toEqual(whole);
        expect(whole.length).toBeLessThanOrEqual(100);
        expect(entersLikers(whole, likers)).toBe(false);
      },
    ),
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
});

test("a changed vote subtracts the previous one, and a tie has no winner", () => {
  expect(addedVotes([2], [0])).toEqual([-1, 0, 1]);
  expect(addedVotes([0, 1], [1])).toEqual([1, 0]);
  const none = { votes: [0, 0], voters: 0 };
  expect(pollResultOf(none).winner).toBeNull();
  expect(pollResultOf(countVote(none, [1]))).toEqual({ votes: [0, 1], voters: 1, winner: 1 });
  expect(pollResultOf(countVote(countVote(none, [1]), [0])).winner).toBeNull();
});

test("a goal that was reached stays reached when gifts are refunded", () => {
  const moves = [
    { at: "3", amount: -10 },
    { at: "1", amount: 10 },
    { at: "2", amount: 5 },
  ];
  expect(goalResultOf(moves, 15)).toEqual({ amount: 5, reached: true });
  expect(goalResultOf(moves, 16)).toEqual({ amount: 5, reached: false });
});

const poll = { kind: "poll", title: " Red? ", options: ["a", "b"], seconds: 10 };
const goal = { kind: "goal", title: "Mic", of: "credits", target: 1 };

test.each([
  [poll, true],
  [goal, true],
  [{ ...goal, seconds: 60 }, true],
  [{ ...poll, choices: 2 }, true],
  [{ ...poll, choices: 3 }, false],
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
])("%j is a moment: %s", (body, isOne) => {
  expect(NewMoment.safeParse(body).success).toBe(isOne);
});

test.each([
  [[0], true],
  [[], false],
  [[0, 0], false],
  [[-1], false],
  [[0.5], false],
  [["0"], false],
])("%j is a vote: %s", (options, isOne) => {
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
