/** Deliveries whose retry was lost: found by the schedule, and sent again once. */
import { handler } from "../../../functions/webhooks/requeue-overdue.ts";
import { findDelivery, listDeliveries } from "../../../platform/store/webhooks/deliveries.ts";
import { queueEvents } from "../../../platform/webhooks/jobs.ts";
import { requeueOverdue } from "../../../platform/webhooks/overdue.ts";
import { setClock } from "../clock.ts";
import { useQueues } from "./queues.ts";
import { message, streamId, theDelivery, useReceivers } from "./receivers.ts";

const { receiver } = useReceivers();
const { queues, store, runRetries, runDeliveries, left } = useQueues();

const pass = (seconds: number) => setClock(Date.now() + seconds * 1_000);

const fail = async (receiverId: string, count = 1) => {
  const all = Array.from({ length: count }, (_, n) => message(`message ${n}`));
  await queueEvents(streamId, [{ receiver: { id: receiverId }, events: all }]);
  await runDeliveries();
};

/** Loses every message of the queue `retries`. */
const loseRetries = () => {
  pass(600);
  for (let found = store().receive(queues.retries, 10); found.length > 0; ) {
    store().remove(found);
    found = store().receive(queues.retries, 10);
  }
};

async function runAll(): Promise<void> {
  while ((await runRetries()) > 0);
  await runDeliveries();
}

test("a delivery whose retry was lost is sent again ten minutes after its due time, once", async () => {
  let status = 500;
  const { inbox, receiverId } = await receiver(() => status);
  await fail(receiverId);
  const due = Date.parse((await theDelivery(receiverId)).nextAttemptAt!);
  loseRetries();
  status = 200;
  setClock(due + 599_000);
  expect(await requeueOverdue(new Date())).toBe(0);
  setClock(due + 601_000);
  expect(await requeueOverdue(new Date())).toBe(1);
  // The next run a minute later finds that it is on its way.
  pass(60);
  expect(await requeueOverdue(new Date())).toBe(0);
  await runAll();
  expect(inbox.received).toHaveLength(2);
  expect(await theDelivery(receiverId)).toMatchObject({ status: "delivered", attempts: 2 });
  pass(3_600);
  expect(await requeueOverdue(new Date())).toBe(0);
  expect(left()).toBe(0);
});

test("a delivery that is lost twice is sent again twice", async () => {
  let status = 500;
  const { inbox, receiverId } = await receiver(() => status);
  await fail(receiverId);
  loseRetries();
  for (let n = 0; n < 2; n++) {
    pass(700);
    expect(await requeueOverdue(new Date())).toBe(1);
    loseRetries();
  }
  status = 200;
  pass(700);
  await handler({ Records: [] });
  await runAll();
  expect(inbox.received).toHaveLength(2);
});

test("however many deliveries are pending, each is examined in its turn", async () => {
  const { receiverId } = await receiver(() => 500);
  await fail(receiverId, 7);
  loseRetries();
  const ids = (await listDeliveries(receiverId, 10)).map(({ id }) => id);
  pass(700);
  const counts: number[] = [];
  for (let n = 0; n < 4; n++) counts.push(await requeueOverdue(new Date(), 3));
  expect(counts).toEqual([3, 3, 1, 0]);
  for (const id of ids) {
    const { nextAttemptAt } = (await findDelivery(receiverId, id))!;
    expect(nextAttemptAt).toBe(new Date().toISOString());
  }
});
