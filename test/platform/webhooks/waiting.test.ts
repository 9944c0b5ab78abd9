/** Deliveries through the runner's own queues: nothing that was sent on purpose is dropped. */

import { listDeliveries } from "../../../platform/store/webhooks/deliveries.ts";
import { queueDelivery, queueEvents } from "../../../platform/webhooks/jobs.ts";
import type { Reply } from "../../api/receiver.ts";
import { setClock } from "../clock.ts";
import { useQueues } from "./queues.ts";
import { message, streamId, theDelivery, useReceivers } from "./receivers.ts";

const { receiver } = useReceivers();
const { queues, store, runRetries, runDeliveries, left, refuse, storeTwice } = useQueues();

const pass = (seconds: number) => setClock(Date.now() + seconds * 1_000);

/** Moves the clock to when the next message of `retries` becomes visible, and handles it. */
async function runNextRetries(): Promise<void> {
  setClock(Math.max(Date.now(), store().findNextVisible(queues.retries)!));
  expect(await runRetries()).toBeGreaterThan(0);
}

/**
 * Handles what is left in the queues, which may have a message twice: a send that is slower than
 * its timeout is repeated.
 */
async function handleRest(): Promise<void> {
  for (let turn = 0; turn < 10 && left() > 0; turn++) {
    await runNextRetries();
    await runDeliveries();
  }
  expect(left()).toBe(0);
}

const send = (receiverId: string, ...events: ReturnType<typeof message>[]) =>
  queueEvents(streamId, [{ receiver: { id: receiverId }, events }]);

test.each([0, 30, 59, 62, 70, 90, 120, 150, 180, 210, 240, 300])(
  "a retry that waits %i s behind others is delivered",
  async (seconds) => {
    const replies: Reply[] = [500];
    const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
    await send(receiverId, message("words"));
    await runDeliveries();
    await runNextRetries();
    pass(seconds);
    await runDeliveries();
    if (seconds > 60) {
      // It was put off: the list says until when.
      expect(inbox.received).toHaveLength(1);
      const { nextAttemptAt } = await theDelivery(receiverId);
      expect(Date.parse(nextAttemptAt!)).toBeGreaterThan(Date.now());
      await runNextRetries();
      await runDeliveries();
    }
    await handleRest();
    expect(inbox.received).toHaveLength(2);
    expect(await theDelivery(receiverId)).toMatchObject({ status: "delivered", attempts: 2 });
  },
);

test("a retry that is postponed repeatedly is delivered in the end", async () => {
  const replies: Reply[] = [500];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  await send(receiverId, message("words"));
  await runDeliveries();
  for (let turn = 0; turn < 8; turn++) {
    await runNextRetries();
    pass(61);
    await runDeliveries();
  }
  expect(inbox.received).toHaveLength(1);
  await handleRest();
  expect(inbox.received).toHaveLength(2);
});

test("a retry that SQS delivers twice is one attempt", async () => {
  const replies: Reply[] = [500, 500];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  storeTwice();
  await send(receiverId, message("words"));
  await runDeliveries();
  await runNextRetries();
  await runDeliveries();
  expect(inbox.received).toHaveLength(2);
  expect(await theDelivery(receiverId)).toMatchObject({ status: "pending", attempts: 2, step: 2 });
  await handleRest();
  expect(inbox.received).toHaveLength(3);
  expect(await theDelivery(receiverId)).toMatchObject({ status: "delivered", attempts: 3 });
});

test("retries of one receiver within five minutes are all attempted", async () => {
  const replies: Reply[] = [500, 500, 500];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  for (let n = 0; n < 3; n++) {
    await send(receiverId, message(`message ${n}`));
    await runDeliveries();
    pass(1);
  }
  await handleRest();
  expect(inbox.received).toHaveLength(6);
  const all = await listDeliveries(receiverId, 10);
  expect(all.map(({ status }) => status)).toEqual(["delivered", "delivered", "delivered"]);
});

test("two resends of one delivery within five minutes are two attempts", async () => {
  const { inbox, receiverId } = await receiver();
  await send(receiverId, message("words"));
  await runDeliveries();
  const { id } = await theDelivery(receiverId);
  for (let n = 0; n < 2; n++) {
    await queueDelivery({ kind: "resend", receiverId, id });
    await runDeliveries();
    pass(30);
  }
  expect(inbox.received).toHaveLength(3);
});

test("events that are queued twice within five minutes are one attempt", async () => {
  const { inbox, receiverId } = await receiver();
  const event = message("words");
  for (let n = 0; n < 2; n++) {
    await send(receiverId, event);
    await runDeliveries();
    pass(30);
  }
  expect(inbox.received).toHaveLength(1);
});

test("a retry whose successor was not queued, since the call died, is continued", async () => {
  const replies: Reply[] = [500, 500];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  await send(receiverId, message("words"));
  await runDeliveries();
  await runNextRetries();
  refuse(true);
  // The attempt is recorded; the message that would bring the next one is refused.
  expect(await runDeliveries()).toBe(0);
  expect(inbox.received).toHaveLength(2);
  expect(await theDelivery(receiverId)).toMatchObject({ status: "pending", step: 2 });
  refuse(false);
  pass(queues.deliveries.visibilitySeconds);
  expect(await runDeliveries()).toBe(1);
  expect(inbox.received).toHaveLength(2);
  await handleRest();
  expect(inbox.received).toHaveLength(3);
  expect(await theDelivery(receiverId)).toMatchObject({ status: "delivered", attempts: 3 });
});

test("retries that the queue did not accept are redelivered", async () => {
  const replies: Reply[] = [500, 500];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  await send(receiverId, message("one"), message("two"));
  await runDeliveries();
  refuse(true);
  setClock(Date.now() + 10_000);
  expect(await runRetries()).toBe(0);
  refuse(false);
  pass(queues.retries.visibilitySeconds);
  await handleRest();
  expect(inbox.received).toHaveLength(4);
});
