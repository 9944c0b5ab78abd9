import { deleteStream, endStream } from "../../domain/streams/stream-lifecycle.ts";
import { listSumMisfits } from "../../platform/audit/sum-misfits.ts";
import type { Caller } from "../../platform/auth/caller.ts";
import { withMetrics } from "../../platform/runtime/metrics.ts";
import { countState } from "../../platform/store/audience/count-state.ts";
import { endMoments } from "../../platform/store/audience/endings.ts";
import { findMoment, startMoment } from "../../platform/store/audience/moments.ts";
import { recordVote } from "../../platform/store/audience/votes.ts";
import { readHead } from "../../platform/store/log/frames.ts";
import { resetLog } from "../../platform/store/log/log-reset.ts";
import { newLog } from "../../platform/store/log/logs.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";
import { putItem, updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { scanTable } from "../../platform/table/query.ts";
import { meterTable } from "./call-meter.ts";
import { published } from "./published-metrics.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { forget, giftTypeOf, makeStream, makeUser, sendOne, someone } from "./wallet-people.ts";

useOwnTable();
const queue = useQueue("ENDINGS_QUEUE_URL");

const poll = { kind: "poll" as const, title: "Red?", options: ["a", "b"], choices: 1, seconds: 60 };
const goal = {
  kind: "goal" as const,
  title: "20!",
  of: "credits" as const,
  target: 20,
  seconds: 60,
};
const caller = { userId: "host", roles: [], claims: {} } as unknown as Caller;
const after = (at: string | null, seconds: number) => new Date(Date.parse(at!) + seconds * 1000);

test("drift between the log's sum and the stored votes is measured, including zero", async () => {
  const stream = await makeStream("host");
  const count = withMetrics(endMoments);
  const drifts: unknown[] = [];
  for (const sum of [
    [3, 1],
    [0, 1],
  ]) {
    const moment = await startMoment(stream, poll, caller, forget);
    const { id, startedAt, endsAt } = moment;
    await recordVote(moment, "ann", [1], new Date());
    const moments = [{ id, kind: "poll" as const, startedAt, endsAt }];
    await putItem({ ...key.log(stream.id), ...newLog(), moments, sums: { [id]: sum } });
    const ending = { streamId: stream.id, momentId: id };
    const lines = await published(() => count(ending, after(endsAt, 20)));
    drifts.push(...lines.map(({ SumDrift }) => SumDrift));
  }
  expect(drifts).toEqual([[3], [0]]);
});

/** A stream in which this many gifts of one credit were sent an hour ago. */
async function makeOldStream(gifts: number) {
  const [stream, sender] = [await makeStream("host"), await makeUser(someone("fan"), 1_000)];
  const send = (now: Date, giftType = giftTypeOf(10)) => sendOne(stream, sender, giftType, { now });
  for (let n = 0; n < gifts; n++)
    await send(new Date(Date.now() - 3_600_000 + n * 1_000), giftTypeOf(1));
  return { stream, send };
}

test.each(["goal", "train"] as const)(
  "the result of a %s reads its own gifts, however many were sent before",
  async (kind) => {
    const measure = meterTable();
    const spent: number[] = [];
    for (const gifts of [0, 100]) {
      const { stream, send } = await makeOldStream(gifts);
      const { id: streamId } = stream;
      const moment = await startMoment(stream, goal, caller, forget);
      const { id: momentId, startedAt, endsAt } = moment;
      if (kind === "train") {
        const train = { levels: [10, 100], levelSeconds: 60 };
        await putItem({ ...key.moment(streamId, momentId), ...moment, kind, train });
      }
      // The last two share a second with the end, the first two one with the start.
      for (const at of [after(startedAt, -0.001), after(startedAt, 0)]) await send(at);
      for (const at of [after(endsAt, -0.001), after(endsAt, 0)]) await send(at);
      const { read } = await measure(() => endMoments({ streamId, momentId }, after(endsAt, 80)));
      spent.push(read);
      const result = kind === "goal" ? { amount: 20, reached: true } : { level: 1, credits: 20 };
      expect(await findMoment(streamId, momentId)).toMatchObject({ result });
    }
    expect(spent[1]).toBe(spent[0]);
  },
);

/** Gifts of ten credits, the first refunded before the second by time, and later by commit. */
async function reachInLog() {
  const { stream, send } = await makeOldStream(0);
  const { id: streamId } = stream;
  const { id: momentId, startedAt, endsAt } = await startMoment(stream, goal, caller, forget);
  const [first] = [await send(after(startedAt, 1)), await send(after(startedAt, 3))];
  await updateItem({
    Key: key.gift(streamId, first),
    UpdateExpression: "SET refundedAt = :at REMOVE #due",
    ExpressionAttributeNames: { "#due": "due" },
    ExpressionAttributeValues: { ":at": after(startedAt, 2).toISOString() },
  });
  const known = { id: momentId, kind: "goal", of: "credits", target: 20, startedAt, endsAt };
  const moments = [{ ...known, isReached: true }];
  await putItem({ ...key.log(streamId), ...newLog(), moments, sums: { [momentId]: 10 } });
  return { streamId, momentId, endsAt };
}

test("a goal that viewers saw reached ends as reached, in whatever order gifts were committed", async () => {
  const { streamId, momentId, endsAt } = await reachInLog();
  await endMoments({ streamId, momentId }, after(endsAt, 20));
  const result = { amount: 10, reached: true };
  expect(await findMoment(streamId, momentId)).toMatchObject({ result });
  const misfits = await listSumMisfits(scanTable);
  expect(misfits.filter(({ item }) => item.includes(streamId))).toEqual([]);
});

test("a goal that viewers saw reached is reached in a log that is reset", async () => {
  const { streamId, momentId } = await reachInLog();
  await resetLog(streamId, new Date(), (one, was) => countState(one, "", was));
  const { moments = [] } = await readHead(streamId);
  expect(moments).toMatchObject([{ id: momentId, isReached: true }]);
  expect(moments[0]).not.toHaveProperty("shown");
});

test("a stream's end counts a poll whose time was over, even if its message was lost", async () => {
  const stream = await makeStream("host");
  const { id: streamId } = stream;
  const { id: momentId, endsAt } = await startMoment(stream, poll, caller, forget);
  const later = (seconds: number) => after(endsAt, seconds);
  await updateItem({
    Key: key.stream(streamId),
    UpdateExpression: "SET #status = :ended, endedAt = :at",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: { ":ended": "ended", ":at": later(1).toISOString() },
  });
  await endMoments({ streamId }, later(20));
  const messages = queue.take().map(({ body }) => JSON.parse(body));
  expect(messages).toEqual([{ streamId, momentId }]);
  await endMoments(messages[0], later(20));
  expect(await findMoment(streamId, momentId)).toMatchObject({
    status: "ended",
    endedAt: endsAt,
    result: { votes: [0, 0], voters: 0, winner: null },
  });
});

test("the moments of a stream that was deleted right after its end still get their results", async () => {
  const stream = await makeStream("host");
  const { id: streamId } = stream;
  const { id: momentId } = await startMoment(stream, poll, caller, forget);
  const now = new Date(Date.now() + 1_000);
  const ended = await changeStream(stream, (one) => endStream(one, now, one.hostId), now);
  await changeStream(ended, (one) => deleteStream(one, now), now);
  await endMoments({ streamId }, now);
  const endedAt = now.toISOString();
  expect(await findMoment(streamId, momentId)).toMatchObject({ status: "ended", endedAt });
  await endMoments({ streamId, momentId }, after(endedAt, 20));
  const result = { votes: [0, 0], voters: 0, winner: null };
  expect(await findMoment(streamId, momentId)).toMatchObject({ result });
});

test("both of two messages about one end succeed, and one result is written", async () => {
  const stream = await makeStream("host");
  const { id: momentId, endsAt } = await startMoment(stream, poll, caller, forget);
  const count = () => endMoments({ streamId: stream.id, momentId }, after(endsAt, 20));
  await Promise.all([count(), count()]);
  const result = { votes: [0, 0], voters: 0, winner: null };
  expect(await findMoment(stream.id, momentId)).toMatchObject({ result, revision: 2 });
});
