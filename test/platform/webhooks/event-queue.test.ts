import { beforeAll, expect, test } from "@jest/globals";
import type { LogRecord } from "../../../domain/log/event.ts";
import { type Frame, idOfEvent } from "../../../domain/log/frame.ts";
import { connectionLifeSeconds } from "../../../domain/log/subscriber.ts";
import { afterRoom } from "../../../domain/tencent/callback.ts";
import { makeWebhook, tencentReceiver } from "../../../domain/webhooks/webhook.ts";
import { recordTaps } from "../../../platform/store/audience/likes.ts";
import { putSubscriber } from "../../../platform/store/log/subscribers.ts";
import { changeCallbacks, recordCallbacks } from "../../../platform/store/tencent/callbacks.ts";
import { findDeletions, recordWebhook } from "../../../platform/store/webhooks/webhooks.ts";
import { getRawItem, putItem } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { queueCallback } from "../../../platform/tencent/room-callback.ts";
import { createEventQueue } from "../../../platform/webhooks/event-queue.ts";
import { findReceiver } from "../../../platform/webhooks/receivers.ts";
import { newSecret } from "../../../platform/webhooks/signature.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import { giftTypeOf, makeStream, makeUser, sendOne, someone } from "../wallet-people.ts";

useOwnTable();

const streamId = "65a1234bcde5678f90123450";
const place = { streamId, now: new Date() };
const queue = useQueue("DELIVERIES_QUEUE_URL");
beforeAll(async () => {
  const wish = { url: "https://backend.example.com/ovation", events: ["*"] };
  const webhook = makeWebhook("65a1234bcde5678f90123456", wish, place.now);
  await recordWebhook(webhook, newSecret(), { answer: undefined, remember: [] });
});

/** Configures the callbacks of the application. */
async function configure(CallbackCommandList: string[]): Promise<void> {
  const callbacks = { Url: "https://app.example.com/hook", CallbackCommandList };
  await recordCallbacks(callbacks).catch(() => changeCallbacks(callbacks));
}

const queued = () => queue.take().map(({ body }) => JSON.parse(body));

const at = "2026-11-22T12:00:00.000Z";
const train = (id: string, type: string, status: string) => ({
  id,
  type,
  at,
  data: { kind: "train", status },
});

test("webhooks get derived events in the order that viewers see", async () => {
  const records = [
    { id: "gift", gift: {}, events: [{ type: "gift.sent", at, data: {} }] },
    { id: "switch", trains: {}, events: [] },
    { id: "end", events: [{ type: "stream.ended", at, data: {} }] },
  ] as unknown as LogRecord[];
  const [gift, end] = [idOfEvent("gift", 0), idOfEvent("end", 0)];
  const frameOf = (n: number, events: object[]) =>
    ({ n, body: JSON.stringify({ events }) }) as unknown as Frame;
  const newFrames = [
    frameOf(8, [
      { id: gift, type: "gift.sent", at, data: {} },
      train("started", "moment.started", "open"),
    ]),
    frameOf(9, [
      train("cancelled", "moment.ended", "cancelled"),
      { id: end, type: "stream.ended", at, data: {} },
    ]),
  ];
  const covering = new Map(Object.entries({ gift: 8, switch: 9, end: 9 }));
  await createEventQueue().queueRecords(place, records, { newFrames, covering });
  const [{ events }, ...others] = queued();
  expect(events.map((one: { id: string }) => one.id)).toEqual([gift, "started", "cancelled", end]);
  expect(others).toEqual([]);
});

test("a deleted text is marked before its events are queued, and removed from deliveries after them", async () => {
  const data = { _id: "65a1234bcde5678f90123457", content: "words" };
  const sent = { id: "sent", events: [{ type: "chat.message", at, data }] };
  const deletes = { messageId: data._id, createdAt: at };
  const deleted = { id: "deleted", deletes, events: [{ type: "chat.deleted", at, data: {} }] };
  const records = [sent, deleted] as unknown as LogRecord[];
  await createEventQueue().queueRecords(place, records, { newFrames: [], covering: new Map() });
  expect([...(await findDeletions([{ streamId, id: data._id }]))]).toEqual([data._id]);
  const [{ events }, last] = queued();
  expect(events.map((one: { data: { content?: string } }) => one.data.content)).toEqual([
    "",
    undefined,
  ]);
  expect(last).toMatchObject({ kind: "forget", messages: [{ id: data._id }] });
});

test("a record that a batch contains twice is one event for a webhook", async () => {
  const data = { _id: "65a1234bcde5678f90123458", content: "words" };
  const record = { id: "twice", events: [{ type: "chat.message", at, data }] };
  const records = [record, record] as unknown as LogRecord[];
  await createEventQueue().queueRecords(place, records, { newFrames: [], covering: new Map() });
  const [{ events }] = queued();
  expect(events.map((one: { id: string }) => one.id)).toEqual([idOfEvent("twice", 0)]);
});

test("the callback for a room's end counts viewers once, gifts that stay, and likes", async () => {
  process.env.TENCENT_SDK_APP_ID = "1400000000";
  await configure([afterRoom.destroyed]);
  const stream = await makeStream("host", { roomId: "room" });
  const watching = (userId: string, revision: number) => ({
    streamId: stream.id,
    connectionId: "socket",
    userId,
    revision,
    connectedAt: Date.now(),
    expiresAt: Date.now() / 1000 + connectionLifeSeconds,
  });
  await putSubscriber(watching("ann", 1));
  await putSubscriber(watching("ann", 2));
  await putSubscriber(watching("ben", 3));
  await putSubscriber(watching("late", Date.now() * 1_000));
  // One gift was refunded, and one is a superlike.
  const giver = await makeUser(someone("giver"), 100);
  for (const changed of [undefined, { refundedAt: at }, { kind: "superlike" }]) {
    const id = await sendOne(stream, giver, giftTypeOf(10), { count: 2 });
    const item = await getRawItem(key.gift(stream.id, id), { consistent: true });
    await putItem({ ...item!, ...changed });
  }
  const taps = { streamId: stream.id, userId: "ann" };
  await recordTaps(taps, { session: "session-1", total: 7 }, new Date());
  await queueCallback({ kind: "destroyed", streamId: stream.id, roomId: "room", at }, new Date());
  const [{ events }] = queued();
  expect(events[0].data.Statistic).toEqual({
    TotalViewers: 2,
    TotalGiftsSent: 2,
    TotalGiftCoins: 20,
    TotalUniqueGiftSenders: 1,
    TotalLikesReceived: 7,
  });
});

test("a callback that the application has since left out of its list is not sent", async () => {
  process.env.TENCENT_SDK_APP_ID = "1400000000";
  const [left, kept] = ["Live.CallbackAfterCreateRoom", "Live.CallbackAfterDestroyRoom"];
  await configure([left, kept]);
  const delivery = (type: string) => ({ eventId: "e", type, body: "{}" });
  const addressOf = async (type: string) =>
    (await findReceiver(tencentReceiver))?.addressOf(delivery(type), place.now);
  expect(await addressOf(left)).toMatchObject({ headers: { "webhook-id": "e" } });
  await configure([kept]);
  expect(await addressOf(left)).toBeUndefined();
  expect(await addressOf(kept)).toBeDefined();
});
