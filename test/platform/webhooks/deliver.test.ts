/** What `webhooks/deliver` does with its messages, where receivers and moments are the test's. */
import { findDelivery } from "../../../platform/store/webhooks/deliveries.ts";
import {
  changeStoredWebhook,
  findWebhook,
  recordDeletion,
  removeWebhook,
} from "../../../platform/store/webhooks/webhooks.ts";
import { attempt, reasonOf } from "../../../platform/webhooks/attempt.ts";
import { deliver } from "../../../platform/webhooks/deliver.ts";
import type { Receiver } from "../../../platform/webhooks/receivers.ts";
import { requeueDue } from "../../../platform/webhooks/retry.ts";
import { newSecret, signatureOf } from "../../../platform/webhooks/signature.ts";
import type { Reply } from "../../api/receiver.ts";
import {
  atOnce,
  events,
  message,
  retry,
  streamId,
  theDelivery,
  useReceivers,
} from "./receivers.ts";

const { receiver, retries } = useReceivers();

test("a slow receiver gets a stream's events in order, each after its response to the previous one", async () => {
  let open = 0;
  let most = 0;
  const waits = [300, 10, 100, 0, 50];
  const { inbox, receiverId } = await receiver(async () => {
    most = Math.max(most, ++open);
    await new Promise((done) => setTimeout(done, waits.shift()));
    open -= 1;
    return 200;
  });
  const row = ["one", "two", "three", "four", "five"].map(message);
  await deliver(events(receiverId, ...row), atOnce);
  expect(inbox.received.map(({ body }) => body.data.content)).toEqual(
    row.map(({ data }) => data.content),
  );
  expect(most).toBe(1);
});

test("a failed event does not delay the next ones", async () => {
  const replies: Reply[] = [500];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  const row = ["one", "two"].map(message);
  await deliver(events(receiverId, ...row), atOnce);
  expect(inbox.received.map(({ body }) => body.data.content)).toEqual(["one", "two"]);
  expect(retries()).toEqual([
    { receiverId, id: expect.any(String), step: 1, at: expect.any(String) },
  ]);
});

test("a delivery that always fails is attempted eleven times, then it has failed", async () => {
  const { inbox, receiverId } = await receiver(() => 503);
  const event = message("words");
  await deliver(events(receiverId, event), atOnce);
  for (const seconds of [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800]) {
    const [due, ...others] = retries();
    expect(others).toEqual([]);
    const away = (Date.parse(due.at) - inbox.received.at(-1)!.at) / 1000;
    expect(away / seconds).toBeGreaterThan(0.79);
    expect(away / seconds).toBeLessThan(1.21);
    // It is not due yet: it stays in the queue, and no receiver is called.
    const record = { messageId: "m", body: JSON.stringify(due) } as never;
    expect(await requeueDue([record], new Date(Date.parse(due.at) - 1))).toEqual([]);
    expect(retries()).toEqual([due]);
    expect(await requeueDue([record], new Date(due.at))).toEqual([]);
    const [job] = retries();
    await deliver(job, atOnce);
  }
  expect(retries()).toEqual([]);
  expect(inbox.received).toHaveLength(11);
  expect(new Set(inbox.received.map(({ text }) => text)).size).toBe(1);
  expect(new Set(inbox.received.map(({ headers }) => headers["webhook-id"]))).toEqual(
    new Set([event.id]),
  );
  const last = await theDelivery(receiverId);
  expect(last).toMatchObject({ status: "failed", attempts: 11, statusCode: 503 });
  expect(last.nextAttemptAt).toBeUndefined();
});

test("299 is received, and 300 is tried again", async () => {
  for (const [statusCode, status, error] of [
    [299, "delivered", undefined],
    [300, "pending", "The answer was 300"],
  ] as const) {
    const { receiverId } = await receiver(() => statusCode);
    await deliver(events(receiverId, message("words")), atOnce);
    expect(await theDelivery(receiverId)).toMatchObject({ status, attempts: 1, statusCode });
    expect((await theDelivery(receiverId)).error).toBe(error);
  }
  expect(retries()).toHaveLength(1);
});

test("a call without a response is tried again", async () => {
  const { inbox, receiverId } = await receiver();
  await inbox.stop();
  await deliver(events(receiverId, message("words")), atOnce);
  const error = "The connection was refused";
  expect(await theDelivery(receiverId)).toMatchObject({ status: "pending", error });
  expect(retries()).toHaveLength(1);
});

test("a disabled receiver is not called, and no failed attempt is counted", async () => {
  const gone: Receiver = { id: "gone", bodyOf: () => "", addressOf: () => undefined };
  const now = new Date();
  expect(await attempt(gone, { eventId: "e", type: "gift.sent", body: "" }, now)).toBeUndefined();
});

test("retries of one receiver that are due together are one message", async () => {
  const { inbox, receiverId } = await receiver(() => 500);
  await deliver(events(receiverId, message("one"), message("two")), atOnce);
  const due = retries();
  const records = due.map((one, at) => ({ messageId: `m${at}`, body: JSON.stringify(one) }));
  const later = new Date(Date.now() + 60_000);
  expect(await requeueDue(records as never, later)).toEqual([]);
  const [job, ...others] = retries();
  expect([job.due.length, others]).toEqual([2, []]);
  await deliver(job, atOnce);
  expect(inbox.received).toHaveLength(4);
});

test.each([
  [{ code: "ENOTFOUND" }, "The name does not resolve"],
  [{ code: "EAI_AGAIN" }, "The name does not resolve"],
  [{ code: "ECONNREFUSED" }, "The connection was refused"],
  [{ code: "ECONNRESET" }, "The connection was closed without an answer"],
  [{ name: "TimeoutError" }, "No answer came in time"],
  [{ name: "AbortError" }, "No answer came in time"],
  [{ message: "h is not of the open Internet" }, "The name does not lead to the open Internet"],
  [{ code: "EPROTO" }, "The call failed (EPROTO)"],
  [{ name: "TypeError" }, "The call failed (TypeError)"],
])("a call that fails by %j is shown as: %s", (error, reason) => {
  expect(reasonOf(Object.assign(new Error("at 192.0.2.1"), error))).toBe(reason);
});

test("a repeated retry is one attempt", async () => {
  const { inbox, receiverId } = await receiver(() => 500);
  await deliver(events(receiverId, message("words")), atOnce);
  const [{ id, step }] = retries();
  await deliver(retry(receiverId, id, step), atOnce);
  await deliver(retry(receiverId, id, step), atOnce);
  expect(inbox.received).toHaveLength(2);
  expect(retries()).toHaveLength(1);
});

test("events that an aborted call has sent are not sent again, and their retry is not lost", async () => {
  const replies: Reply[] = [200, 500];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  const job = events(receiverId, message("one"), message("two"), message("three"));
  await deliver({ ...job, events: job.events.slice(0, 2) }, atOnce);
  expect(retries()).toHaveLength(1);
  await deliver(job, { ...atOnce, isRepeated: true });
  expect(inbox.received.map(({ body }) => body.data.content)).toEqual(["one", "two", "three"]);
  expect(retries()).toHaveLength(1);
});

test("events that have waited for over a minute are delivered later, and not lost", async () => {
  const { inbox, receiverId } = await receiver();
  const late = { waitedMilliseconds: 60_001, isRepeated: false };
  await deliver(events(receiverId, message("words")), late);
  expect(inbox.received).toEqual([]);
  const waiting = await theDelivery(receiverId);
  expect(waiting).toMatchObject({ status: "pending", attempts: 0, step: 0 });
  const { id } = waiting;
  expect(retries()).toEqual([{ receiverId, id, step: 0, at: waiting.nextAttemptAt }]);
  // Its next message waited as long: it is put aside once more, for one to two minutes.
  const before = Date.now();
  await deliver(retry(receiverId, id, 0), late);
  expect(inbox.received).toEqual([]);
  const [again] = retries();
  expect(again).toMatchObject({ receiverId, id, step: 0 });
  const away = (Date.parse(again.at) - before) / 1000;
  expect(away).toBeGreaterThanOrEqual(60);
  expect(away).toBeLessThan(150);
  await deliver(retry(receiverId, id, 0), { ...late, waitedMilliseconds: 59_000 });
  expect(inbox.received).toHaveLength(1);
  expect(await theDelivery(receiverId)).toMatchObject({ status: "delivered", attempts: 1 });
});

test.each([
  ["disabled", (id: string) => changeStoredWebhook(id, { enabled: false })],
  ["deleted", removeWebhook],
])("a webhook that was %s gets no attempt, not even of pending deliveries", async (_, end) => {
  const { inbox, receiverId } = await receiver(() => 500);
  await deliver(events(receiverId, message("one")), atOnce);
  const [{ id, step }] = retries();
  await end(receiverId);
  await deliver(retry(receiverId, id, step), atOnce);
  await deliver(events(receiverId, message("two")), atOnce);
  await deliver({ kind: "resend", receiverId, id }, atOnce);
  expect(inbox.received).toHaveLength(1);
  expect(retries()).toEqual([]);
  const ended = await theDelivery(receiverId);
  expect(ended).toMatchObject({ status: "failed", attempts: 1 });
  expect(ended.nextAttemptAt).toBeUndefined();
});

test("a webhook that answers a resend with 410 is disabled", async () => {
  const replies: Reply[] = [200, 410];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  await deliver(events(receiverId, message("one")), atOnce);
  const { id } = await theDelivery(receiverId);
  await deliver({ kind: "resend", receiverId, id }, atOnce);
  expect(await findWebhook(receiverId)).toMatchObject({ enabled: false });
  await deliver(events(receiverId, message("two")), atOnce);
  expect(inbox.received).toHaveLength(2);
});

test("a webhook that answers 410 gets none of the other events that were sent with it", async () => {
  const { inbox, receiverId } = await receiver(() => 410);
  const row = Array.from({ length: 10 }, (_, n) => message(`number ${n}`));
  await deliver(events(receiverId, ...row), atOnce);
  expect(inbox.received.map(({ body }) => body.data.content)).toEqual(["number 0"]);
  expect(await findWebhook(receiverId)).toMatchObject({ enabled: false });
});

test("a webhook that answers a repeated event with 410 is disabled", async () => {
  const replies: Reply[] = [200, 410];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  const [one, two] = [message("one"), message("two")];
  await deliver(events(receiverId, one), atOnce);
  // The batch of the table's stream is handled again, with another event.
  await deliver(events(receiverId, one, two), atOnce);
  expect(inbox.received).toHaveLength(2);
  expect(await findWebhook(receiverId)).toMatchObject({ enabled: false });
});

test("a webhook that is deleted before it answers 410 needs no disabling", async () => {
  const gone = await receiver(async () => {
    await removeWebhook(gone.receiverId);
    return 410;
  });
  await deliver(events(gone.receiverId, message("one")), atOnce);
  expect(await theDelivery(gone.receiverId)).toMatchObject({ status: "failed", statusCode: 410 });
});

test("a webhook is found by its slot until the slot is reused", async () => {
  const { inbox, receiverId } = await receiver();
  const { slot } = (await findWebhook(receiverId))!;
  const deleted = message("secret");
  await recordDeletion(streamId, deleted.data._id, new Date());
  const job = events(receiverId, message("words"), deleted);
  await deliver({ ...job, slot }, atOnce);
  expect(inbox.received.map(({ body }) => body.data.content)).toEqual(["words", ""]);
  await removeWebhook(receiverId);
  const next = await receiver();
  expect((await findWebhook(next.receiverId))!.slot).toBe(slot);
  await deliver({ ...events(receiverId, message("late")), slot }, atOnce);
  expect(inbox.received).toHaveLength(2);
  expect(next.inbox.received).toEqual([]);
});

test("a deleted text is not sent in a first attempt, and is removed from stored deliveries", async () => {
  const replies: Reply[] = [500, 500];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  const [first, second] = [message("secret one"), message("secret two")];
  await deliver(events(receiverId, first), atOnce);
  const [{ id, step }] = retries();
  for (const { data } of [first, second]) await recordDeletion(streamId, data._id, new Date());
  await deliver(retry(receiverId, id, step), atOnce);
  await deliver(events(receiverId, second), atOnce);
  const [, again, other] = inbox.received;
  for (const { body, text } of [again!, other!]) {
    expect(body.data).toMatchObject({ content: "", deleted: true });
    expect(text).not.toContain("secret");
  }
  expect((await findDelivery(receiverId, id))!.body).not.toContain("secret");
});

test("the signature equals the published example's, and there is one for each secret", () => {
  // https://docs.svix.com/receiving/verifying-payloads/how-manual
  const signed = {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
  };
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  expect(signatureOf(signed, [secret])).toBe(expected);
  const [first, second, ...more] = signatureOf(signed, [newSecret(), secret]).split(" ");
  expect(first).not.toBe(expected);
  expect([second, ...more]).toEqual([expected]);
});
