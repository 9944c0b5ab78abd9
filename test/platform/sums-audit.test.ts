import { listSumMisfits } from "../../platform/audit/sum-misfits.ts";
import { key } from "../../platform/table/keys.ts";

const streamId = "1".repeat(24);
const [pollId, goalId, likesId] = ["a", "b", "c"].map((digit) => digit.repeat(24)) as [
  string,
  string,
  string,
];
const at = (second: number) => new Date(1_768_473_000_000 + second * 1000).toISOString();
const person = { userId: "host", username: "", name: "", surname: "", picture: "" };
const by = { ...person, createdAt: at(0), updatedAt: at(0) };

const moment = (id: string, more: object) => ({
  ...key.moment(streamId, id),
  id,
  streamId,
  status: "open",
  title: "t",
  by,
  startedAt: at(0),
  endsAt: null,
  endedAt: null,
  revision: 1,
  ...more,
});
const poll = (more = {}) =>
  moment(pollId, { kind: "poll", options: ["a", "b"], choices: 1, ...more });
const goal = (id: string, of: string, more = {}) =>
  moment(id, { kind: "goal", of, target: 15, ...more });
const like = (userId: string, likes: number, goals = {}) => ({
  ...key.like(streamId, userId),
  userId,
  streamId,
  likes,
  at: at(1),
  sessions: [],
  allowance: 1,
  filledAt: 0,
  goals,
  change: `like-${userId}`,
});
const vote = (userId: string, options: number[], second = 1) => ({
  ...key.vote(pollId, userId),
  streamId,
  momentId: pollId,
  userId,
  options,
  at: at(second),
  change: `vote-${userId}`,
});
const gift = (n: number, more = {}) => {
  const id = n.toString(16).padStart(24, "0");
  return {
    ...key.gift(streamId, id),
    id,
    kind: "gift",
    streamId,
    sender: by,
    receivers: [by],
    price: 10,
    dueCredits: 10,
    giftType: { id: "d".repeat(24), name: "Rose", creditAmount: 10, svgUrl: "https://e.example" },
    createdAt: at(n),
    revision: 1,
    ...more,
  };
};
const open = (id: string, kind = "goal") => ({ id, kind, startedAt: at(0), endsAt: null });
const log = (sums: object, newest = 1_768_473_100) => ({
  ...key.log(streamId),
  epoch: "e",
  posted: 9,
  newest,
  sums,
  moments: [open(pollId, "poll"), open(goalId), open(likesId)],
});
const rest = (id: string, count: number, parts = {}) => ({ ...key.crowdRest(id), count, ...parts });

const sums = { likes: 12, [pollId]: [2, 1], [goalId]: 10, [likesId]: 5 };
const sound = [
  ...[poll(), goal(goalId, "credits"), goal(likesId, "likes"), log(sums)],
  ...[
    like("ann", 5, { [likesId]: 3 }),
    like("ben", 4),
    rest(streamId, 3, { [`part_${likesId}`]: 2 }),
  ],
  ...[vote("ann", [0]), vote("ben", [1]), rest(pollId, 1, { part_0: 1 })],
  ...[gift(1), gift(2, { refundedAt: at(3) })],
];

const problemsOf = async (items: readonly object[]) => {
  async function* read() {
    yield* items as never[];
  }
  return (await listSumMisfits(read)).map(({ problem }) => problem);
};
const without = (item: { PK: string; SK: string }) =>
  sound.filter(({ PK, SK }) => PK !== item.PK || SK !== item.SK);
const replaced = (item: { PK: string; SK: string }) => [...without(item), item];

test("sums that match the stored items are sound, even empty ones", async () => {
  expect(await problemsOf(sound)).toEqual([]);
  expect(await problemsOf([gift(1)])).toEqual([]);
});

test.each([
  ["a like that the log lost", replaced(like("ben", 5)), `likes of stream ${streamId}`],
  ["a vote that the log lost", [...sound, vote("eva", [1])], `poll ${pollId}`],
  ["a vote that was changed", replaced(vote("ben", [0])), `poll ${pollId}`],
  ["a gift that the log lost", [...sound, gift(4)], `goal ${goalId}`],
  ["a like that did not count for its goal", replaced(like("ann", 5)), `goal ${likesId}`],
  ["votes of the erased that are gone", without(rest(pollId, 0)), `poll ${pollId}`],
  ["an item that is none", replaced({ ...like("ben", 4), likes: "4" } as never), "is no like"],
])("%s is reported", async (_, items, problem) => {
  const problems = await problemsOf(items);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems[0]).toContain(problem);
});

test("an action on its way into the log is no problem, until the log has passed it", async () => {
  const late = { ...vote("eva", [1]), at: at(95) };
  expect(await problemsOf([...sound, late])).toEqual([]);
  const frame = { ...key.frame(streamId, 9), n: 9, covers: "vote-eva", newest: 1_768_473_100 };
  expect(await problemsOf([...sound, late, frame])).toHaveLength(1);
});

test("a result covers what was stored before the end, and accepted votes of that moment or none", async () => {
  const ended = (result: object) => ({ status: "ended", endedAt: at(50), result });
  const votes = { votes: [2, 1], voters: 3, winner: 0 };
  const late = vote("eva", [1], 50);
  expect(await problemsOf([...replaced(poll(ended(votes))), late])).toEqual([]);
  const all = { votes: [2, 2], voters: 4, winner: null };
  expect(await problemsOf([...replaced(poll(ended(all))), late])).toEqual([]);
  expect(await problemsOf(replaced(poll(ended(all))))).toHaveLength(1);
  const mixed = { ...votes, voters: 4 };
  expect(await problemsOf([...replaced(poll(ended(mixed))), late])).toHaveLength(1);
  const wrong = { ...votes, voters: 2 };
  expect(await problemsOf(replaced(poll(ended(wrong))))).toHaveLength(1);
  const amount = { amount: 10, reached: true };
  expect(await problemsOf(replaced(goal(goalId, "credits", ended(amount))))).toEqual([]);
  const never = { amount: 10, reached: false };
  expect(await problemsOf(replaced(goal(goalId, "credits", ended(never))))).toHaveLength(1);
});

test("a goal may have been reached in the order of commits, and never without enough credits", async () => {
  const ended = (target: number, reached: boolean) => {
    const result = { amount: 10, reached };
    return goal(goalId, "credits", { target, status: "ended", endedAt: at(50), result });
  };
  const first = gift(1, { refundedAt: at(1.5) });
  const withResult = (item: object) => [
    ...replaced(first).filter(({ SK }) => SK !== key.moment("", goalId).SK && SK !== gift(2).SK),
    ...[item, gift(2)],
  ];
  for (const reached of [true, false])
    expect(await problemsOf(withResult(ended(15, reached)))).toEqual([]);
  expect(await problemsOf(withResult(ended(25, true)))).toHaveLength(1);
});
