import { jest } from "@jest/globals";
import { resetLogs } from "../../bin/operate/stream-logs.ts";
import { type MomentItem, type NewMoment, zeroOf } from "../../domain/audience/moment.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler as vote } from "../../functions/audience/moments/vote.ts";
import { listSumMisfits } from "../../platform/audit/sum-misfits.ts";
import type { Caller } from "../../platform/auth/caller.ts";
import { eraseFromMoments } from "../../platform/own-data/erase-moments.ts";
import { setDeadline } from "../../platform/runtime/deadline.ts";
import {
  anonymizeLikes,
  anonymizeVote,
  listLikes,
} from "../../platform/store/audience/anonymization.ts";
import { countState } from "../../platform/store/audience/count-state.ts";
import { recordTaps } from "../../platform/store/audience/likes.ts";
import { findLikers, noteLikers, shownSums } from "../../platform/store/audience/log-state.ts";
import {
  findMoment,
  finishMoment,
  getMomentToVote,
  listMoments,
  recordResult,
  startMoment,
} from "../../platform/store/audience/moments.ts";
import { findOpenMoments } from "../../platform/store/audience/open-moments.ts";
import { recount } from "../../platform/store/audience/recount.ts";
import { findVote, recordVote } from "../../platform/store/audience/votes.ts";
import { readHead } from "../../platform/store/log/frames.ts";
import { resetLog } from "../../platform/store/log/log-reset.ts";
import { getLog, newLog } from "../../platform/store/log/logs.ts";
import { getRawItem, putItem, updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { scanTable } from "../../platform/table/query.ts";
import { callEndpoint } from "./api-call.ts";
import { setClock } from "./clock.ts";
import { intercept } from "./intercept.ts";
import { atEachRequest } from "./interleaving.ts";
import { useOwnTable } from "./table.ts";
import { transactionCanceled } from "./table-errors.ts";
import { forget, giftTypeOf, makeStream, makeUser, sendOne } from "./wallet-people.ts";

useOwnTable();

const caller = { userId: "host", roles: [], claims: {} } as unknown as Caller;
const poll = { kind: "poll" as const, title: "Red?", options: ["a", "b"], seconds: 60, choices: 1 };
const goal = { kind: "goal" as const, title: "Mic", of: "likes" as const, target: 5 };
const start = (stream: Stream, body: NewMoment) => startMoment(stream, body, caller, forget);
const tap = (streamId: string, userId: string, total: number, session = "session-1") =>
  recordTaps({ streamId, userId }, { session, total }, new Date());
const listMisfitsOf = async (streamId: string) =>
  (await listSumMisfits(scanTable)).filter(({ item }) => item.includes(streamId));
const refusedAs = (code: string) => expect.objectContaining({ code });
const ended = (endedAt: Date) => ({ status: "ended" as const, endedAt });
afterEach(() => void jest.useRealTimers());

test("one of several concurrent calls with one total counts, and calls of several sessions all count", async () => {
  const { id } = await makeStream("host");
  const same = await Promise.all(Array.from({ length: 8 }, () => tap(id, "ann", 7)));
  expect(same.map(({ total }) => total)).toEqual(Array(8).fill(7));
  await tap(id, "ben", 4, "session-a");
  await Promise.all(["b", "c", "d"].map((name) => tap(id, "ben", 4, `session-${name}`)));
  expect((await countState(id, "")).sums).toEqual({ likes: 23 });
});

test("ten of eleven concurrent moments begin, whatever the order", async () => {
  const stream = await makeStream("host");
  const all = await Promise.allSettled(Array.from({ length: 11 }, () => start(stream, poll)));
  const refused = all.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  expect(refused).toEqual([refusedAs("too_many_moments")]);
  expect((await findOpenMoments(stream.id)).open).toHaveLength(10);
});

test("ten polls whose time is over leave room for others before they are counted", async () => {
  const stream = await makeStream("host");
  const polls = [];
  for (let n = 0; n < 10; n++) polls.push(await start(stream, poll));
  setClock(Date.parse(polls.at(-1)!.endsAt!));
  const { id } = await start(stream, goal);
  expect((await findOpenMoments(stream.id)).open.map((one) => one.id)).toEqual([id]);
});

test("a moment starts and ends at the time of the attempt that is committed", async () => {
  const stream = await makeStream("host");
  let conflictedAt: string | undefined;
  const undo = intercept(async ({ name }, next) => {
    if (name !== "TransactWriteCommand" || conflictedAt !== undefined) return next();
    await new Promise((done) => setTimeout(done, 20));
    conflictedAt = new Date().toISOString();
    throw transactionCanceled([{ Code: "TransactionConflict" }]);
  });
  const { id, startedAt } = await start(stream, goal);
  expect(startedAt >= String(conflictedAt)).toBe(true);
  conflictedAt = undefined;
  const ending = () => ended(new Date());
  const { endedAt } = await finishMoment({ streamId: stream.id, id }, ending, forget);
  undo();
  expect(String(endedAt) >= String(conflictedAt)).toBe(true);
});

test("a poll that the log has not counted yet has zero votes for each of its options", async () => {
  const moment = await start(await makeStream("host"), poll);
  expect(shownSums([moment], {})).toEqual({ likes: 0, [moment.id]: [0, 0] });
});

test("likes at a moment's end or later are not in its result, and votes are refused", async () => {
  const stream = await makeStream("host");
  const likes = await start(stream, { ...goal, seconds: 60 });
  const moment = await start(stream, { ...poll, seconds: 60 });
  const ends = [likes, moment].map(({ endsAt }) => Date.parse(endsAt!));
  const [early, late] = [new Date(Math.min(...ends) - 1), new Date(Math.max(...ends))];
  for (const [userId, at] of [
    ["ann", early],
    ["ben", late],
  ] as const)
    await recordTaps({ streamId: stream.id, userId }, { session: "session-1", total: 4 }, at);
  expect(await recount(likes, likes.endsAt!)).toEqual({ amount: 4, reached: false });
  await recordVote(moment, "ann", [1], early);
  await expect(recordVote(moment, "ben", [1], late)).rejects.toEqual(refusedAs("moment_over"));
  expect(await recount(moment, moment.endsAt!)).toEqual({ votes: [0, 1], voters: 1, winner: 1 });
});

test("an accepted vote counts, also one that replaces another while the poll is ended", async () => {
  const stream = await makeStream("host");
  const { id: momentId } = await start(stream, poll);
  const path = { streamId: stream.id, momentId };
  const voteFor = (option: number) =>
    callEndpoint(vote, { as: "ann", path, body: { options: [option] } });
  expect((await voteFor(0)).status).toBe(200);
  const endedAt = new Date();
  await new Promise((done) => setTimeout(done, 5));
  let isEnded = false;
  const undo = intercept(async (sent, next) => {
    if (/Write|Put/.test(sent.name) && !isEnded) {
      isEnded = true;
      await finishMoment({ streamId: stream.id, id: momentId }, () => ended(endedAt), forget);
    }
    return next();
  });
  expect((await voteFor(1)).status).toBe(200);
  undo();
  expect((await findVote(momentId, "ann"))!.at > endedAt.toISOString()).toBe(true);
  const moment = (await findMoment(stream.id, momentId))!;
  expect(moment).toMatchObject({ status: "ended", endedAt: endedAt.toISOString() });
  const result = await recount(moment, moment.endedAt!);
  expect(result).toEqual({ votes: [0, 1], voters: 1, winner: 1 });
  expect((await voteFor(0)).status).toBe(409);
  await recordResult(moment, moment.endedAt!, result);
  expect(await listMisfitsOf(stream.id)).toEqual([]);
});

test("a poll that ended by hand is over at once for a process that saw it open", async () => {
  const { id, streamId } = await start(await makeStream("host"), poll);
  const find = () => getMomentToVote({ streamId, id, userId: "ann" }, new Date());
  expect(await find()).toMatchObject({ status: "open" });
  const ending = () => ended(new Date());
  await finishMoment({ streamId, id }, ending, forget);
  expect(await find()).toMatchObject({ status: "ended" });
});

test("users who start a moment, vote or like leave a trace for their erasures", async () => {
  const stream = await makeStream("host");
  const by = { ...caller, userId: "moderator" };
  const moment = await startMoment(stream, poll, by, forget);
  await recordVote(moment, "voter", [1], new Date());
  await tap(stream.id, "fan", 1);
  for (const userId of ["moderator", "voter", "fan"])
    expect(await getRawItem(key.tracedStream(userId, stream.id))).toBeDefined();
});

test("a vote that is not written in two seconds is refused, so that a count can include all", async () => {
  const stream = await makeStream("host");
  const { id: momentId } = await start(stream, poll);
  const path = { streamId: stream.id, momentId };
  const undo = intercept((sent, next) => {
    if (sent.name === "TransactWriteCommand") setClock(Date.now() + 2_001);
    return next();
  });
  setClock(Date.now());
  const { status } = await callEndpoint(vote, { as: "slow", path, body: { options: [1] } });
  undo();
  setDeadline(Number.POSITIVE_INFINITY);
  expect(status).toBe(503);
  expect(await findVote(momentId, "slow")).toBeUndefined();
});

test("a moment does not begin in a stream that has ended since it was read", async () => {
  const stream = await makeStream("host");
  await updateItem({
    Key: key.stream(stream.id),
    UpdateExpression: "SET #status = :ended",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: { ":ended": "ended" },
  });
  await expect(start(stream, poll)).rejects.toEqual(refusedAs("stream_not_live"));
});

test("one of a user's concurrent votes counts, and one of two concurrent ends takes effect", async () => {
  const stream = await makeStream("host");
  const moment = await start(stream, poll);
  await Promise.all([0, 1, 0, 1].map((at) => recordVote(moment, "ann", [at], new Date())));
  await recordVote(moment, "ben", [1], new Date());
  const { id, endsAt } = moment;
  const result = await recount(moment, endsAt!);
  expect(result).toMatchObject({ voters: 2 });
  const ends = await Promise.allSettled(
    [1, 2].map(() => finishMoment(moment, () => ended(new Date()), forget)),
  );
  expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect((await findOpenMoments(stream.id)).open.map((one) => one.id)).not.toContain(id);
  // It has ended since the count began, so the count must not be written.
  expect(await recordResult(moment, endsAt!, result)).toBe(false);
});

test("the results of two moments of a stream can be written at the same time", async () => {
  const stream = await makeStream("host");
  const both = await Promise.all([poll, poll].map((one) => start(stream, one)));
  const results = both.map(async (one) =>
    recordResult(one, one.endsAt!, await recount(one, one.endsAt!)),
  );
  expect(await Promise.all(results)).toEqual([true, true]);
  expect((await findOpenMoments(stream.id)).open).toEqual([]);
});

test("a moment whose time is over has ended in every list, before its result is counted", async () => {
  const stream = await makeStream("host");
  const [short, long] = [await start(stream, poll), await start(stream, goal)];
  const listed = async (status: string | undefined, at: string) =>
    (await listMoments(stream.id, { status, limit: 10 }, new Date(at))).list;
  const ended = { ...short, status: "ended", endedAt: short.endsAt };
  const before = new Date(Date.parse(short.endsAt!) - 1).toISOString();
  expect(await listed("open", before)).toEqual([long, short]);
  expect(await listed(undefined, short.endsAt!)).toEqual([long, ended]);
  expect(await listed("open", short.endsAt!)).toEqual([long]);
  expect(await listed("ended", short.endsAt!)).toEqual([ended]);
  await finishMoment(long, () => ({ status: "cancelled", endedAt: new Date() }), forget);
  expect(await listed("open", short.endsAt!)).toEqual([]);
});

/** A user who liked a stream and voted in one of its polls is erased. */
async function leave(moment: MomentItem, userId: string, at: string) {
  await anonymizeLikes(moment.streamId, userId, at);
  await anonymizeVote(moment.id, userId, at);
}

test("deleted users stay in the sums: their likes, votes and contributions to goals", async () => {
  const stream = await makeStream("host");
  const { id: streamId } = stream;
  const [likes, moment] = [await start(stream, goal), await start(stream, poll)];
  await tap(streamId, "ann", 4);
  await tap(streamId, "ben", 3);
  await recordVote(moment, "ann", [1], new Date());
  await noteLikers(streamId, [{ userId: "ann", likes: 4, at: "2026" }]);
  const before = await countState(streamId, "");
  expect(before.sums).toEqual({ likes: 7, [likes.id]: 7, [moment.id]: [0, 1] });
  const later = new Date(Date.now() + 1000).toISOString();
  await Promise.all([1, 2].map(() => leave(moment, "ann", later)));
  expect(await countState(streamId, "")).toEqual(before);
  expect(await findLikers(streamId)).toEqual([]);
  expect(await recount(moment, moment.endsAt!)).toMatchObject({ votes: [0, 1], voters: 1 });
  await tap(streamId, "ann", 2);
  expect((await countState(streamId, "")).sums).toMatchObject({ likes: 9, [likes.id]: 9 });
});

test("every accepted vote stays in the result when its user is deleted", async () => {
  const stream = await makeStream("host");
  const moment = await start(stream, poll);
  const endedAt = new Date(Date.parse(moment.startedAt) + 5_000);
  const around = (milliseconds: number) => new Date(endedAt.getTime() + milliseconds);
  for (const [userId, option] of [
    ["ann", 0],
    ["ben", 1],
    ["cleo", 1],
  ] as const)
    await recordVote(moment, userId, [option], around(userId === "cleo" ? 3 : -1));
  await finishMoment(moment, () => ended(endedAt), forget);
  const result = await recount(moment, endedAt.toISOString());
  expect(result).toEqual({ votes: [1, 2], voters: 3, winner: 1 });
  await recordResult(moment, endedAt.toISOString(), result);
  for (const userId of ["ben", "cleo"])
    await eraseFromMoments(stream.id, { userId, at: around(9).toISOString(), after: "", most: 9 });
  expect(await findVote(moment.id, "cleo")).toBeUndefined();
  expect(await recount(moment, endedAt.toISOString())).toEqual(result);
  expect(await listMisfitsOf(stream.id)).toEqual([]);
});

test("a like sent while its user is erased passes none of their likes to the next user", async () => {
  const { id } = await makeStream("host");
  await tap(id, "ann", 40);
  await tap(id, "ben", 3);
  const at = new Date().toISOString();
  await new Promise((done) => setTimeout(done, 5));
  await tap(id, "ann", 42);
  await tap(id, "cleo", 5);
  for (const userId of ["ann", "cleo"]) await anonymizeLikes(id, userId, at);
  expect(await listLikes([id], "ann")).toEqual([]);
  expect(await listLikes([id], "cleo")).toMatchObject([{ likes: 5 }]);
  expect((await countState(id, "")).sums).toEqual({ likes: 50 });
});

test("users who are deleted while a result is counted are in it once", async () => {
  const later = new Date(Date.now() + 60_000).toISOString();
  await atEachRequest(async () => {
    const stream = await makeStream("host");
    const [likes, moment] = [await start(stream, goal), await start(stream, poll)];
    for (const userId of ["ann", "ben"]) {
      await tap(stream.id, userId, 4);
      await recordVote(moment, userId, [1], new Date());
    }
    let results: unknown[] = [];
    return {
      act: async () => {
        results = [await recount(moment, later), await recount(likes, later)];
      },
      meanwhile: () => leave(moment, "ann", later),
      check: async () =>
        expect(results).toEqual([
          { votes: [0, 2], voters: 2, winner: 1 },
          { amount: 8, reached: true },
        ]),
    };
  });
});

test("a log that is reset has the sums of the stored items, and the open moments", async () => {
  const stream = await makeStream("host");
  const { id: streamId } = stream;
  await makeUser("sender", 100);
  const credits = await start(stream, { ...goal, of: "credits" as never });
  const over = await start(stream, poll);
  await finishMoment(over, () => ({ status: "cancelled", endedAt: new Date() }), forget);
  const id = await sendOne(stream, "sender", giftTypeOf(10), { now: new Date(Date.now() + 5) });
  await tap(streamId, "ann", 4);
  await getLog(streamId);
  expect(id).toBeDefined();
  await resetLog(streamId, new Date(), (one) => countState(one, ""));
  const { sums, moments, resetAt } = await readHead(streamId);
  expect(sums).toEqual({ likes: 4, [credits.id]: 10 });
  expect(moments).toMatchObject([{ id: credits.id, of: "credits", isReached: true }]);
  expect(resetAt).toBeGreaterThan(0);
  expect(await listMisfitsOf(streamId)).toEqual([]);
  expect(zeroOf(over)).toEqual([0, 0]);
});

test("a goal in a log that an operator resets has the stage's picture for a host without one", async () => {
  const stream = await makeStream("host");
  await start(stream, goal);
  await putItem({ ...key.log(stream.id), ...newLog() });
  const defaultPicture = "https://cdn.acme.com/person.png";
  expect(await resetLogs({ defaultPicture })).toBeGreaterThan(0);
  const { moments } = await readHead(stream.id);
  expect(moments).toMatchObject([{ shown: { by: { profilePhoto: { url: defaultPicture } } } }]);
});
