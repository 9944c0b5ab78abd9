/**
 * A row of one stream's events: how long its order holds, and what it reads between two of them.
 */

import { jest } from "@jest/globals";
import { makeDelivery } from "../../../domain/webhooks/delivery.ts";
import { useLimits } from "../../../platform/runtime/limits.ts";
import { listDeliveries } from "../../../platform/store/webhooks/deliveries.ts";
import { changeStoredWebhook, recordDeletion } from "../../../platform/store/webhooks/webhooks.ts";
import { getRawItem } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { deliver } from "../../../platform/webhooks/deliver.ts";
import type { Received, Reply } from "../../api/receiver.ts";
import { setClock } from "../clock.ts";
import { intercept } from "../intercept.ts";
import { atOnce, events, message, streamId, useReceivers } from "./receivers.ts";

const { receiver } = useReceivers();

afterEach(() => {
  jest.useRealTimers();
  useLimits(undefined);
});

const pass = (milliseconds: number) => setClock(Date.now() + milliseconds);

/** Answers the first request by `first`, and the others once all of `count` are there. */
function together(count: number, first: () => Reply | Promise<Reply>) {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  let come = 0;
  return (_: Received): Reply | Promise<Reply> => {
    come += 1;
    if (come === count) resolve(200);
    return come === 1 ? first() : promise;
  };
}

const row = ["one", "two", "three", "four", "five", "six"];

/** An answer, 51 s later by the clock. */
function afterLong(): Reply {
  pass(51_000);
  return 200;
}

test.each<[string, () => Reply]>([
  ["was late", () => "never"],
  ["took 51 s", afterLong],
])("after an event that %s the others of its series are sent at once", async (_, first) => {
  const { inbox, receiverId } = await receiver(together(row.length, first));
  useLimits({ outboundMilliseconds: 2_000 });
  setClock(Date.now());
  await deliver(events(receiverId, ...row.map(message)), atOnce);
  const all = await listDeliveries(receiverId, 10);
  expect(inbox.received).toHaveLength(row.length);
  const later = all.filter(({ message: of }) => of?.id !== inbox.received[0]!.body.data._id);
  expect(later.map(({ status }) => status)).toEqual(Array(row.length - 1).fill("delivered"));
});

test("a call that fails ends after the attempts that it has begun, and records them", async () => {
  const failed = Promise.withResolvers<Reply>();
  const { inbox, receiverId } = await receiver(() =>
    inbox.received.length === 0 ? "never" : failed.promise,
  );
  useLimits({ outboundMilliseconds: 2_000 });
  setClock(Date.now());
  // Each read of the target takes over a second, so it is read again for each event.
  let reads = 0;
  const restore = intercept(async ({ name }, next) => {
    if (name !== "BatchGetCommand") return next();
    reads += 1;
    if (reads < 3) return next().finally(() => pass(1_100));
    failed.resolve(200);
    throw new Error("The table does not answer");
  });
  const job = events(receiverId, message("one"), message("two"), message("three"));
  await expect(deliver(job, atOnce).finally(restore)).rejects.toThrow("does not answer");
  const statuses = (await listDeliveries(receiverId, 10)).map(({ status }) => status);
  expect(statuses.sort()).toEqual(["delivered", "pending"]);
});

test("a text that is deleted while its series is sent is no longer sent", async () => {
  const row = [message("one"), message("secret")];
  const { inbox, receiverId } = await receiver(async () => {
    await recordDeletion(streamId, row[1]!.data._id, new Date());
    pass(1_100);
    return 200;
  });
  setClock(Date.now());
  await deliver(events(receiverId, ...row), atOnce);
  expect(inbox.received.map(({ body }) => body.data.content)).toEqual(["one", ""]);
});

test("deliveries are listed newest first, behind the last one of a page", async () => {
  const { receiverId } = await receiver();
  const all = ["one", "two", "three"].map((text, n) => ({
    ...message(text),
    at: new Date(Date.now() + n * 1_000).toISOString(),
  }));
  await deliver(events(receiverId, ...all), atOnce);
  const page = await listDeliveries(receiverId, 2);
  const rest = await listDeliveries(receiverId, 2, page[1]!.id);
  expect([...page, ...rest].map(({ eventId }) => eventId)).toEqual(
    all.map(({ id }) => id).reverse(),
  );
});

test("a deletion is known for longer than a delivery with its text is kept", async () => {
  const [one, now] = [message("gone"), new Date()];
  await recordDeletion(streamId, one.data._id, now);
  const { expiresAt } = (await getRawItem(key.deletion(streamId, one.data._id)))!;
  const event = { ...one, at: now.toISOString() };
  expect(expiresAt).toBeGreaterThan(makeDelivery("d", event, "{}").expiresAt);
});

test("a webhook that is disabled while a series is sent gets nothing more", async () => {
  const receivers: string[] = [];
  const { inbox, receiverId } = await receiver(async () => {
    await changeStoredWebhook(receivers[0]!, { enabled: false });
    pass(1_100);
    return 200;
  });
  receivers.push(receiverId);
  setClock(Date.now());
  await deliver(events(receiverId, message("one"), message("two")), atOnce);
  expect(inbox.received.map(({ body }) => body.data.content)).toEqual(["one"]);
});
