import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { handler as readWallet } from "../../functions/money/wallets/get.ts";
import { queueDueTimes } from "../../platform/planned-streams/due-times.ts";
import { queueBanEnds } from "../../platform/realtime/ban-ends.ts";
import { queueLostPasses } from "../../platform/realtime/lost-passes.ts";
import { newId } from "../../platform/runtime/id.ts";
import { getRawItem, putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { plannedStream } from "./fundings.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";

/* A record that stays broken stops no function that reads others, and no caller is shown it. */

useOwnTable();
const queue = useQueue("MOMENTS_QUEUE_URL", "PLANS_QUEUE_URL");
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

test("a ban behind an unreadable record is followed", async () => {
  const endsAt = new Date(now.getTime() + 60_000).toISOString();
  const ban = { id: "b1", actionType: "BLOCK", endsAt };
  await queueBanEnds([broken, recordOf({ ...member, ban })], now);
  expect(sent()).toEqual([{ userId, banId: "b1", endsAt, streamId, isShown: true }]);
});

test("a pass lost behind an unreadable record is followed", async () => {
  const pass = { at: now.toISOString(), price: 5, giftId: newId(now) };
  await queueLostPasses([broken, recordOf(member, { ...member, pass })], now);
  expect(sent()).toEqual([{ passOf: userId, streamId }]);
});

test("a planned stream behind an unreadable record is followed", async () => {
  const { id } = await plannedStream();
  const stream = (await getRawItem(key.stream(id)))!;
  await queueDueTimes([recordOf({ ...stream, title: 7 }), recordOf(stream)], now);
  expect(sent()).toEqual([{ streamId: id }]);
});

test("a call that reads an unreadable record is 500, and reveals no internals", async () => {
  await putItem({ ...key.wallet(userId), balance: "of the inside" });
  const { status, headers, body } = await callEndpoint(readWallet, { as: userId });
  expect(headers).toMatchObject({ "x-error-code": "internal_error" });
  expect([status, body]).toEqual([
    500,
    {
      isSuccess: false,
      statusCode: 500,
      data: null,
      code: "internal_error",
      errors: ["Internal server error"],
      timestamp: expect.any(String),
    },
  ]);
});
