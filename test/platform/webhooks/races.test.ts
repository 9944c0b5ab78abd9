/** Attempts that meet something else: a deletion, a disabled webhook, each other. */

import { afterResending } from "../../../domain/webhooks/delivery.ts";
import { makeWebhook } from "../../../domain/webhooks/webhook.ts";
import {
  changeDelivery,
  deliveryId,
  findDelivery,
} from "../../../platform/store/webhooks/deliveries.ts";
import {
  changeSecrets,
  changeStoredWebhook,
  findSecrets,
  getWebhook,
  recordDeletion,
  recordWebhook,
  removeWebhook,
} from "../../../platform/store/webhooks/webhooks.ts";
import { deliver } from "../../../platform/webhooks/deliver.ts";
import { newSecret } from "../../../platform/webhooks/signature.ts";
import { eventually } from "../../api/people.ts";
import type { Reply } from "../../api/receiver.ts";
import { intercept } from "../intercept.ts";
import { between } from "../interleaving.ts";
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

type Event = ReturnType<typeof message>;

/** What happens after a text was deleted: the mark, then the job behind the message's own. */
async function forget(receiverId: string, { data, at }: Event): Promise<void> {
  await recordDeletion(streamId, data._id, new Date());
  const messages = [{ id: data._id, createdAt: at }];
  await deliver({ kind: "forget", receiverId, streamId, messages }, atOnce);
}

/** Does something just before the next writing of an item whose SK is this. */
function beforeWriting(SK: string, act: () => Promise<unknown>): void {
  let isDone = false;
  intercept(async ({ name, input }, next) => {
    const { Item } = input as { Item?: { SK?: unknown } };
    if (!isDone && name === "PutCommand" && Item?.SK === SK) {
      isDone = true;
      await act();
    }
    return next();
  });
}

test.each([
  ["delivered", 200],
  ["still to be tried again", 500],
])("a deleted text is in no stored delivery, one that is %s", async (_, reply) => {
  const { inbox, receiverId } = await receiver(() => reply);
  const [one, other] = [message("secret words"), message("other words")];
  await deliver(events(receiverId, one, other), atOnce);
  await forget(receiverId, one);
  const job = { kind: "resend" as const, receiverId };
  const stored = await deliveriesOf(receiverId, one, other);
  expect(stored.map(({ attempts }) => attempts)).toEqual([1, 1]);
  expect(stored[0]!.body).not.toContain("secret");
  expect(stored[1]!.body).toContain("other words");
  await deliver({ ...job, id: stored[0]!.id }, atOnce);
  expect(inbox.received.at(-1)!.body.data).toMatchObject({ content: "", deleted: true });
});

test("a text deleted during an attempt does not reappear with its outcome", async () => {
  let answer: (reply: Reply) => void = () => undefined;
  const replies: (Reply | Promise<Reply>)[] = [500];
  const { inbox, receiverId } = await receiver(() => replies.shift() ?? 200);
  const event = message("secret words");
  await deliver(events(receiverId, event), atOnce);
  const { id } = await theDelivery(receiverId);
  replies.push(new Promise<Reply>((done) => (answer = done)));
  const sending = deliver({ kind: "resend", receiverId, id }, atOnce);
  await eventually(
    async () => inbox.received.length,
    (count) => count === 2,
  );
  await forget(receiverId, event);
  answer(200);
  await sending;
  const after = await theDelivery(receiverId);
  expect(after).toMatchObject({ status: "delivered", attempts: 2 });
  expect(after.body).not.toContain("secret");
});

test("a text that is deleted just before an outcome is written stays deleted", async () => {
  const { receiverId } = await receiver(() => 500);
  const event = message("secret words");
  await deliver(events(receiverId, event), atOnce);
  const [{ id, step }] = retries();
  beforeWriting(id, () => forget(receiverId, event));
  await deliver(retry(receiverId, id, step), atOnce);
  const after = await theDelivery(receiverId);
  expect(after.attempts).toBe(2);
  expect(after.body).not.toContain("secret");
});

test("a change of a webhook that was deleted meanwhile does not change the next one in its place", async () => {
  const { receiverId } = await receiver();
  const next = makeWebhook(
    "7".repeat(24),
    { url: "https://b.example.com/", events: ["*"] },
    new Date(),
  );
  const replace = async () => {
    await removeWebhook(receiverId);
    await recordWebhook(next, newSecret(), { answer: undefined, remember: [] });
  };
  // Between the read and the write.
  const changed = between([2], replace, () => changeStoredWebhook(receiverId, { enabled: false }));
  await expect(changed).rejects.toMatchObject({ code: "webhook_not_found" });
  expect(await getWebhook(next.id)).toMatchObject({ url: next.url, enabled: true });
  await removeWebhook(next.id);
});

test("a webhook whose URL is changed while the old one answers 410 stays enabled, and its events go to the new URL", async () => {
  const moved = await receiver();
  const { receiverId } = await receiver(async () => {
    await changeStoredWebhook(receiverId, { url: moved.inbox.url });
    return 410;
  });
  await deliver(events(receiverId, message("one"), message("two")), atOnce);
  expect(await getWebhook(receiverId)).toMatchObject({ enabled: true });
  for (const { id, step } of retries()) await deliver(retry(receiverId, id, step), atOnce);
  const come = moved.inbox.received.map(({ body }) => body.data.content);
  expect(come.sort()).toEqual(["one", "two"]);
});

test("two new secrets at once both stay", async () => {
  const { receiverId } = await receiver();
  const add = (secret: string) =>
    changeSecrets(
      receiverId,
      (was) => ({ secrets: [{ secret }, ...was] }),
      () => ({ answer: undefined, remember: [] }),
    );
  await Promise.all(["one", "two"].map(add));
  const [newest, second, ...first] = await findSecrets(receiverId);
  expect([newest?.secret, second?.secret].sort()).toEqual(["one", "two"]);
  expect(first).toHaveLength(1);
});

test("deleting the text of a delivery that does not exist, or doing so twice, does nothing", async () => {
  const { receiverId } = await receiver();
  const event = message("secret words");
  await forget(receiverId, event);
  expect(await findDelivery(receiverId, event.data._id)).toBeUndefined();
  await deliver(events(receiverId, event), atOnce);
  const before = await theDelivery(receiverId);
  await forget(receiverId, event);
  expect(await theDelivery(receiverId)).toEqual(before);
});

test.each([
  [true, { status: "delivered", attempts: 2 }],
  [false, { status: "failed", attempts: 2 }],
])(
  "a retry that meets a disabled webhook leaves what a resend delivered meanwhile (%s)",
  async (isDone, expected) => {
    const { receiverId } = await receiver(() => 500);
    await deliver(events(receiverId, message("words")), atOnce);
    const [{ id, step }] = retries();
    await changeStoredWebhook(receiverId, { enabled: false });
    beforeWriting(id, () =>
      changeDelivery(receiverId, id, (before) => afterResending(before, { isDone })),
    );
    await deliver(retry(receiverId, id, step), atOnce);
    const ended = await theDelivery(receiverId);
    expect(ended).toMatchObject(expected);
    expect(ended.nextAttemptAt).toBeUndefined();
  },
);

test("a failed resend does not restore a retry that was ended meanwhile", async () => {
  const { receiverId } = await receiver(() => 500);
  await deliver(events(receiverId, message("words")), atOnce);
  const [{ id, step }] = retries();
  beforeWriting(id, async () => {
    await changeStoredWebhook(receiverId, { enabled: false });
    await deliver(retry(receiverId, id, step), atOnce);
  });
  await deliver({ kind: "resend", receiverId, id }, atOnce);
  const ended = await theDelivery(receiverId);
  expect(ended).toMatchObject({ status: "failed", attempts: 2 });
  expect(ended.nextAttemptAt).toBeUndefined();
});

async function deliveriesOf(receiverId: string, ...all: Event[]) {
  const found = all.map((event) => findDelivery(receiverId, deliveryId(receiverId, event)));
  return (await Promise.all(found)).map((delivery) => delivery!);
}

test("a webhook that is deleted while it is read gets no request without a signature", async () => {
  const { inbox, receiverId } = await receiver(() => 500);
  await deliver(events(receiverId, message("one")), atOnce);
  const [{ id, step }] = retries();
  // Its secrets are read second.
  const remove = () => removeWebhook(receiverId);
  await between([2], remove, () => deliver(retry(receiverId, id, step), atOnce));
  expect(inbox.received).toHaveLength(1);
  expect(await theDelivery(receiverId)).toMatchObject({ status: "failed", attempts: 1 });
});
