import type { Caller } from "../../platform/auth/caller.ts";
import { withMetrics } from "../../platform/runtime/metrics.ts";
import { endMoments } from "../../platform/store/audience/endings.ts";
import { findMoment, startMoment } from "../../platform/store/audience/moments.ts";
import { recordVote } from "../../platform/store/audience/votes.ts";
import { newLog } from "../../platform/store/log/logs.ts";
import { putItem, updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { published } from "./published-metrics.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { forget, makeStream } from "./wallet-people.ts";

useOwnTable();
const queue = useQueue("ENDINGS_QUEUE_URL");

const poll = { kind: "poll" as const, title: "Red?", options: ["a", "b"], choices: 1, seconds: 60 };
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
