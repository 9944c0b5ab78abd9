import type { Caller } from "../../platform/auth/caller.ts";
import { withMetrics } from "../../platform/runtime/metrics.ts";
import { endMoments } from "../../platform/store/audience/endings.ts";
import { findMoment, startMoment } from "../../platform/store/audience/moments.ts";
import { recordVote } from "../../platform/store/audience/votes.ts";
import { newLog } from "../../platform/store/log/logs.ts";
import { putItem, updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
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

test("a difference between the log's sum and the stored votes is measured, as is none", async () => {
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
    ...{ status: "ended", endedAt: endsAt, result: { votes: [0, 0], voters: 0, winner: null } },
  });
});
