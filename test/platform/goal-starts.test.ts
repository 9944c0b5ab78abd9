import type { MomentItem } from "../../domain/audience/moment.ts";
import { recordOf } from "../../domain/log/change.ts";
import { endStream } from "../../domain/streams/stream-lifecycle.ts";
import { handler as cancelMoment } from "../../functions/audience/moments/cancel.ts";
import { handler as endMoment } from "../../functions/audience/moments/end.ts";
import { listSumMisfits } from "../../platform/audit/sum-misfits.ts";
import type { Caller } from "../../platform/auth/caller.ts";
import { appendRecords } from "../../platform/push/append.ts";
import { createJobs } from "../../platform/push/jobs.ts";
import { createPushCache } from "../../platform/push/push-cache.ts";
import { countState } from "../../platform/store/audience/count-state.ts";
import { endMoments } from "../../platform/store/audience/endings.ts";
import { findMoment, finishMoment, startMoment } from "../../platform/store/audience/moments.ts";
import { readHead } from "../../platform/store/log/frames.ts";
import { resetLog } from "../../platform/store/log/log-reset.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";
import { getRawItem, updateItem } from "../../platform/table/items.ts";
import { type Key, key } from "../../platform/table/keys.ts";
import { scanTable } from "../../platform/table/query.ts";
import { callEndpoint } from "./api-call.ts";
import { intercept } from "./intercept.ts";
import { between } from "./interleaving.ts";
import { freeGovernor, posterWith } from "./push/posters.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { forget, giftTypeOf, makeStream, makeUser, sendOne, someone } from "./wallet-people.ts";

/* Gifts and ends of streams that are committed while a goal starts, or ends by hand. */

useOwnTable();
useQueue("ENDINGS_QUEUE_URL");

const picture = process.env.DEFAULT_PICTURE ?? "";
const outlet = {
  poster: posterWith({ post: async () => "sent" as const }),
  governor: freeGovernor,
  jobs: createJobs(async () => undefined),
};
const caller = { userId: "host", roles: [], claims: {} } as unknown as Caller;
const goal = { kind: "goal" as const, title: "Mic", of: "credits" as const, target: 90 };
const newGoal = { ...goal, seconds: 60 };
const pause = () => new Promise((done) => setTimeout(done, 5));

/** A live stream with a fan, whose records are appended to its log one by one. */
async function live() {
  const stream = await makeStream(someone("host"));
  const fan = await makeUser(someone("fan"), 1_000);
  const { id: streamId } = stream;
  const append = async (kind: "gift" | "moment", place: Key, old?: object) => {
    const item = (await getRawItem(place, { consistent: true }))!;
    const now = new Date();
    const createdAt = Math.floor(now.getTime() / 1000);
    const change = { kind, streamId, createdAt, new: item, ...(old && { old }) };
    const record = recordOf(change as never, picture)!;
    await appendRecords({ streamId, now, cache: createPushCache(), outlet }, [record]);
  };
  const give = (credits: number, now = new Date()) =>
    sendOne(stream, fan, giftTypeOf(credits), { now });
  const appendGift = (id: string) => append("gift", key.gift(streamId, id));
  const refund = async (id: string, at: string) => {
    const place = key.gift(streamId, id);
    const old = await getRawItem(place, { consistent: true });
    await updateItem({
      Key: place,
      UpdateExpression: "SET refundedAt = :at",
      ExpressionAttributeValues: { ":at": at },
    });
    await append("gift", place, old);
  };
  const misfits = async () =>
    (await listSumMisfits(scanTable)).filter(({ item }) => item.includes(streamId));
  const sumOf = async (id: string) => (await readHead(streamId)).sums?.[id];
  return { stream, streamId, append, give, appendGift, refund, misfits, sumOf };
}

/** Starts a goal whose first request is lost; `meanwhile` runs before it is repeated. */
async function startSlowly(
  stream: Parameters<typeof startMoment>[0],
  meanwhile: () => Promise<void>,
): Promise<MomentItem> {
  let tries = 0;
  const undo = intercept(async ({ name, input }, next) => {
    const isStart = name === "TransactWriteCommand" && JSON.stringify(input).includes("MOMENT#");
    if (!isStart || tries++ > 0) return next();
    await pause();
    await meanwhile();
    throw Object.assign(new Error("timed out"), { name: "TimeoutError" });
  });
  try {
    return await startMoment(stream, newGoal, caller, forget);
  } finally {
    undo();
  }
}

test("a gift that is committed while a goal starts counts neither live nor in the result", async () => {
  const { stream, streamId, append, give, appendGift, refund, misfits, sumOf } = await live();
  const given: string[] = [];
  const moment = await startSlowly(stream, async () => {
    given.push(await give(10), await give(20));
  });
  const [refunded, kept] = given as [string, string];
  for (const id of given) await appendGift(id);
  await append("moment", key.moment(streamId, moment.id));
  expect(await sumOf(moment.id)).toBe(0);
  await refund(refunded, new Date().toISOString());
  expect(await sumOf(moment.id)).toBe(0);
  const later = (seconds: number) => new Date(Date.parse(moment.endsAt!) + seconds * 1000);
  // Newer than the time in which a gift may be on its way into the log.
  await appendGift(await give(5, later(-20)));
  expect(await sumOf(moment.id)).toBe(5);
  expect(await misfits()).toEqual([]);

  await resetLog(streamId, new Date(), (one, was) => countState(one, picture, was));
  expect(await sumOf(moment.id)).toBe(5);
  expect(await misfits()).toEqual([]);

  await endMoments({ streamId, momentId: moment.id }, later(80));
  const { result, startedAt } = (await findMoment(streamId, moment.id))!;
  expect(result).toEqual({ amount: 5, reached: false });
  const { createdAt } = (await getRawItem(key.gift(streamId, kept)))!;
  expect(startedAt > String(createdAt)).toBe(true);
  expect(await misfits()).toEqual([]);
});

/** Ends a goal by hand; `meanwhile` runs after the call has read the time, before it is written. */
async function endSlowly(streamId: string, momentId: string, meanwhile: () => Promise<void>) {
  const undo = intercept(async ({ name, input }, next) => {
    if (name !== "TransactWriteCommand" || !JSON.stringify(input).includes(momentId)) return next();
    undo();
    await pause();
    await meanwhile();
    return next();
  });
  const ending = () => ({ status: "ended" as const, endedAt: new Date() });
  return finishMoment({ streamId, id: momentId }, ending, forget);
}

test.each([
  ["a goal", newGoal],
  ["a goal without a time", goal],
])("a gift that viewers saw count for %s counts, though a call was ending it", async (_, body) => {
  const { stream, streamId, append, give, appendGift, misfits, sumOf } = await live();
  const { id: momentId } = await startMoment(stream, body, caller, forget);
  const place = key.moment(streamId, momentId);
  await append("moment", place);
  const old = await getRawItem(place);
  let seen = "";
  const { endedAt } = await endSlowly(streamId, momentId, async () => {
    seen = await give(10);
    await appendGift(seen);
  });
  expect(await sumOf(momentId)).toBe(10);
  await append("moment", place, old);
  const { createdAt } = (await getRawItem(key.gift(streamId, seen)))!;
  expect(endedAt! < String(createdAt)).toBe(true);
  // Sent after the goal's end in the log.
  await appendGift(await give(20, new Date(Date.parse(String(createdAt)) + 1)));
  expect(await sumOf(momentId)).toBe(10);

  await resetLog(streamId, new Date(), (one, was) => countState(one, picture, was));
  expect(await sumOf(momentId)).toBe(10);
  await endMoments({ streamId, momentId }, new Date(Date.now() + 20_000));
  expect(await findMoment(streamId, momentId)).toMatchObject({ result: { amount: 10 } });
  expect(await misfits()).toEqual([]);
});

test("a goal that a call ends just before its time, after which gifts came, keeps what was seen", async () => {
  const { stream, streamId, append, give, appendGift, misfits, sumOf } = await live();
  const { id: momentId, endsAt } = await startMoment(stream, newGoal, caller, forget);
  const at = (milliseconds: number) => new Date(Date.parse(endsAt!) + milliseconds);
  const place = key.moment(streamId, momentId);
  await append("moment", place);
  const old = await getRawItem(place);
  for (const milliseconds of [-1, 5]) await appendGift(await give(10, at(milliseconds)));
  expect(await sumOf(momentId)).toBe(10);
  const ending = () => ({ status: "ended" as const, endedAt: at(-2) });
  await finishMoment({ streamId, id: momentId }, ending, forget);
  await append("moment", place, old);
  expect(await sumOf(momentId)).toBe(10);
  await resetLog(streamId, new Date(), (one, was) => countState(one, picture, was));
  expect(await sumOf(momentId)).toBe(10);
  await endMoments({ streamId, momentId }, at(20_000));
  expect(await findMoment(streamId, momentId)).toMatchObject({ result: { amount: 10 } });
  expect(await misfits()).toEqual([]);
});

test("a refund that viewers saw count for a goal counts, though a call was ending it", async () => {
  const { stream, streamId, append, give, appendGift, refund, misfits, sumOf } = await live();
  const { id: momentId } = await startMoment(stream, newGoal, caller, forget);
  const place = key.moment(streamId, momentId);
  await append("moment", place);
  const given = await give(10);
  await appendGift(given);
  const old = await getRawItem(place);
  await endSlowly(streamId, momentId, () => refund(given, new Date().toISOString()));
  expect(await sumOf(momentId)).toBe(0);
  await append("moment", place, old);
  await endMoments({ streamId, momentId }, new Date(Date.now() + 20_000));
  expect(await findMoment(streamId, momentId)).toMatchObject({ result: { amount: 0 } });
  expect(await misfits()).toEqual([]);
});

test("a goal that begins during the call that ends its stream ends later, with its gifts", async () => {
  const { stream, streamId, append, give, appendGift, misfits } = await live();
  const now = new Date();
  await pause();
  let moment: MomentItem | undefined;
  await between(
    [1],
    async () => {
      moment = await startMoment(stream, newGoal, caller, forget);
      await append("moment", key.moment(streamId, moment.id));
      await appendGift(await give(10));
    },
    () => changeStream(stream, (current) => endStream(current, now, current.hostId), now),
  );
  const { id: momentId, startedAt } = moment!;
  await pause();
  await endMoments({ streamId }, new Date());
  await endMoments({ streamId, momentId }, new Date(Date.now() + 80_000));
  const ended = (await findMoment(streamId, momentId))!;
  expect(ended).toMatchObject({ status: "ended", result: { amount: 10, reached: false } });
  expect(ended.endedAt! > startedAt).toBe(true);
  expect(await misfits()).toEqual([]);
});

test.each([
  ["cancelled", cancelMoment],
  ["ended", endMoment],
])("a goal whose viewers have just seen it reached is %s as reached", async (status, finish) => {
  const { stream, streamId, append, give, appendGift } = await live();
  const { id: momentId } = await startMoment(stream, newGoal, caller, forget);
  await append("moment", key.moment(streamId, momentId));
  // The frame is stored, and the log's mark is not written until all posts have been made.
  await appendGift(await give(90));
  const given = { as: stream.hostId, path: { streamId, momentId } };
  const { body } = await callEndpoint(finish, given);
  expect(body.data).toMatchObject({ status, reached: true });
});
