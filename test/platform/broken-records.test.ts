import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { queuePlans } from "../../platform/planned/plans.ts";
import { queueBanMoments } from "../../platform/realtime/ban-ends.ts";
import { queueLostPasses } from "../../platform/realtime/lost-passes.ts";
import { newId } from "../../platform/runtime/id.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { plannedStream } from "./fundings.ts";
import { startQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";

/* One function follows these and credits hosts: a record that stays broken must not stop it. */

useOwnTable();
let queue: Awaited<ReturnType<typeof startQueue>>;
beforeAll(async () => {
  queue = await startQueue();
  for (const name of ["MOMENTS", "PLANS"]) process.env[`${name}_QUEUE_URL`] = queue.url;
});
afterAll(() => queue.stop());
beforeEach(() => void queue.take());

const now = new Date();
const recordOf = (image: object, old?: object) => {
  const dynamodb = { NewImage: marshall(image), ...(old && { OldImage: marshall(old) }) };
  return { eventName: "MODIFY", dynamodb } as unknown as DynamoDBRecord;
};
const sent = () => queue.take().map(({ body }) => JSON.parse(body));
const [streamId, userId] = [newId(now), "member"];
const member = { ...key.member(streamId, userId), userId, revision: 1 };
const broken = recordOf({ ...member, userId: 7 }, { ...member, revision: "one" });

test("a ban behind a record that cannot be read is followed", async () => {
  const endsAt = new Date(now.getTime() + 60_000).toISOString();
  const ban = { id: "b1", actionType: "BLOCK", endsAt };
  await queueBanMoments([broken, recordOf({ ...member, ban })], now);
  expect(sent()).toEqual([{ userId, banId: "b1", endsAt, streamId }]);
});

test("a pass lost behind a record that cannot be read is followed", async () => {
  const pass = { at: now.toISOString(), price: 5, giftId: newId(now) };
  await queueLostPasses([broken, recordOf(member, { ...member, pass })], now);
  expect(sent()).toEqual([{ passOf: userId, streamId }]);
});

test("a planned stream behind a record that cannot be read is followed", async () => {
  const { id } = await plannedStream();
  const stream = (await getRawItem(key.stream(id)))!;
  await queuePlans([recordOf({ ...stream, title: 7 }), recordOf(stream)], now);
  expect(sent()).toEqual([{ streamId: id }]);
});
