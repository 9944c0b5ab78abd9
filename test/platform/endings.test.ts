import type { Caller } from "../../platform/auth/caller.ts";
import { endMoments } from "../../platform/store/audience/endings.ts";
import { findMoment, startMoment } from "../../platform/store/audience/moments.ts";
import { updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { startQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { forget, makeStream } from "./wallet-people.ts";

let queue: Awaited<ReturnType<typeof startQueue>>;
useOwnTable();
beforeAll(async () => {
  queue = await startQueue();
  process.env.ENDINGS_QUEUE_URL = queue.url;
  process.env.AWS_ENDPOINT_URL_SQS = new URL(queue.url).origin;
});
afterAll(() => queue.stop());

test("a stream's end counts a poll whose time was over, even if its message was lost", async () => {
  const stream = await makeStream("host");
  const { id: streamId } = stream;
  const poll = { kind: "poll" as const, title: "Red?", options: ["a", "b"], choices: 1 };
  const caller = { userId: "host", roles: [], claims: {} } as unknown as Caller;
  const { id: momentId, endsAt } = await startMoment(
    stream,
    { ...poll, seconds: 60 },
    caller,
    forget,
  );
  const later = (seconds: number) => new Date(Date.parse(endsAt!) + seconds * 1000);
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
