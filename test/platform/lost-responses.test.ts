import { GetCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { jest } from "@jest/globals";
import { makeNotification, NewNotification } from "../../domain/people/notification.ts";
import { profileOf } from "../../domain/people/user.ts";
import { Refusal } from "../../domain/refusal.ts";
import { makeMessage } from "../../domain/streams/chat-rules.ts";
import { type Delivery, makeDelivery } from "../../domain/webhooks/delivery.ts";
import { continueErasure } from "../../platform/own-data/erasure.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { newId } from "../../platform/runtime/id.ts";
import { advanceCatchUp, goLive, setFirstLive } from "../../platform/store/log/catch-up.ts";
import {
  findSubscriber,
  putSubscriber,
  readSubscriber,
  recordVisit,
  subscriberItem,
} from "../../platform/store/log/subscribers.ts";
import { readVisits } from "../../platform/store/log/watch-times.ts";
import { park } from "../../platform/store/money/parked.ts";
import { listNotifications } from "../../platform/store/people/notification-lists.ts";
import { markAll, recordNotification } from "../../platform/store/people/notifications.ts";
import { listMessages } from "../../platform/store/streams/messages.ts";
import { admitMessage } from "../../platform/store/streams/senders.ts";
import { recordMessage, takeNumber } from "../../platform/store/streams/sent-messages.ts";
import { recordCallbacks } from "../../platform/store/tencent/callbacks.ts";
import { findMetadata, recordMetadata } from "../../platform/store/tencent/room-metadata.ts";
import {
  changeDelivery,
  deliveryId,
  findDelivery,
  recordDelivery,
} from "../../platform/store/webhooks/deliveries.ts";
import { type Key, key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { admitCall } from "../../platform/tencent/rate.ts";
import { intercept } from "./intercept.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

/** Responses of single writes to lose from now on; the SDK then retries, as here. */
let lost = 0;
/** What happens between the write and its retry. */
let meanwhile: (() => Promise<unknown>) | undefined;

function loseAnswers() {
  intercept(async ({ name }, next) => {
    const answer = next();
    if (lost === 0 || !/^(Put|Update|Delete|TransactWrite)Command$/.test(name)) return answer;
    lost--;
    await answer.catch(() => undefined);
    const then = meanwhile;
    meanwhile = undefined;
    await then?.();
    return next();
  });
}

useQueue("ERASURES_QUEUE_URL");
useOwnTable();
beforeAll(() => loseAnswers());
afterEach(() => {
  expect(lost).toBe(0);
});

const now = new Date();
const codeOf = (doing: Promise<unknown>) =>
  doing.then(
    () => "done",
    (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
  );
const get = async (Key: Key) =>
  (await table().send(new GetCommand({ TableName: tableName(), Key, ConsistentRead: true }))).Item;

test("a notification whose response was lost is created once", async () => {
  const userId = await makeUser(someone("user"));
  const kind = { type: "system", category: "live_stream" };
  const wish = NewNotification.parse({ userId, title: "Hello", message: "there", ...kind });
  const make = () => makeNotification(wish, newId(now), now);
  const one = make();
  lost = 1;
  expect(await codeOf(recordNotification(one))).toBe("done");
  expect(await listNotifications(userId, {}, 10)).toHaveLength(1);
  // Another notification that has its id is still a fault.
  expect(await codeOf(recordNotification(one))).toContain("already");
  for (let n = 0; n < 3; n++) await recordNotification(make());
  lost = 2;
  expect(await markAll(userId, now)).toBe(4);
});

test("the only call of a command in a second is admitted, and the next one is not", async () => {
  lost = 1;
  expect(await codeOf(admitCall(1, "add_gift", now))).toBe("done");
  expect(await codeOf(admitCall(1, "add_gift", now))).toBe("command_too_frequent");
});

test("callbacks configured for the first time are not reported as existing", async () => {
  const callbacks = { Url: "https://example.com", CallbackCommandList: [] };
  lost = 1;
  expect(await codeOf(recordCallbacks(callbacks))).toBe("done");
  expect(await codeOf(recordCallbacks(callbacks))).toBe("callbacks_exist");
});

describe("a message", () => {
  const rules = { slowModeSeconds: 0, perSecondMax: 3 };
  const sentBy = async (userId: string) => (await get(key.sender("s", userId)))?.sent;

  test("is admitted in slow mode without a key, and the next one has to wait", async () => {
    const userId = someone("slow");
    const slow = { ...rules, slowModeSeconds: 30 };
    lost = 1;
    expect(await codeOf(admitMessage("s", userId, slow, now))).toBe("done");
    expect(await codeOf(admitMessage("s", userId, slow, now))).toBe("slow_mode");
  });

  test("counts once against the rate: exactly the allowed number is admitted", async () => {
    const userId = someone("fast");
    for (let n = 1; n <= rules.perSecondMax; n++) {
      lost = 1;
      expect(await codeOf(admitMessage("s", userId, rules, now))).toBe("done");
      expect(await sentBy(userId)).toBe(n);
    }
    expect(await codeOf(admitMessage("s", userId, rules, now))).toBe("too_many_requests");
  });

  test("takes one number, so that there is no gap", async () => {
    const stream = await makeStream(someone("host"));
    const sender = profileOf("sender", {}, now);
    for (let n = 1; n <= 3; n++) {
      lost = 1;
      const given = { stream, sender, n: await takeNumber(stream.id), now };
      const message = makeMessage({ content: "hi" }, given);
      expect(message.n).toBe(n);
      await recordMessage(message, { answer: undefined, remember: [] });
    }
    expect(await listMessages(stream.id, { limit: 10 }, now)).toMatchObject({ total: 3 });
  });

  test("never takes a number that another writer took meanwhile", async () => {
    const stream = await makeStream(someone("host"));
    let other = 0;
    lost = 1;
    meanwhile = async () => {
      other = await takeNumber(stream.id);
    };
    const mine = await takeNumber(stream.id);
    expect(other).toBe(2);
    expect(mine).toBe(3);
  });
});

test("parking a record for the first time fires the alarm", async () => {
  const { PK } = key.parked(now.toISOString().slice(0, 10), "");
  const told: unknown[] = [];
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: "ERROR", POWERTOOLS_DEV: "true" });
  const spy = jest.spyOn(console, "error").mockImplementation((line) => void told.push(line));
  lost = 1;
  await park({ PK: "STREAM#s", SK: "GIFT#1" }, new Error("poison"), now);
  await park({ PK: "STREAM#s", SK: "GIFT#1" }, new Error("poison"), now);
  spy.mockRestore();
  const { Items = [] } = await table().send(new ScanCommand({ TableName: tableName() }));
  expect(Items.filter((item) => item.PK === PK)).toHaveLength(1);
  expect(told).toHaveLength(1);
});

test("an entry of a room's metadata is written once: no revision is skipped", async () => {
  lost = 1;
  await recordMetadata("room", [{ Key: "k", Value: "v" }]);
  expect(await findMetadata("room")).toMatchObject({ revision: 1 });
});

test("a finished visit counts once, and so does its visitor", async () => {
  const connectedAt = now.getTime() - 60_000;
  const subscriber = { streamId: "visited", userId: "ann", revision: connectedAt * 1000 };
  lost = 2;
  await recordVisit(subscriber as never, now);
  expect(await readVisits("visited")).toMatchObject([{ seconds: 60 }]);
  expect(await get(key.audience("visited"))).toMatchObject({ visitors: 1 });
  // None after the end of a stream.
  await recordVisit({ ...subscriber, streamId: "over", isLate: true }, now);
  expect(await readVisits("over")).toEqual([]);
});

test("a viewer who catches up goes on after a lost response, and is live afterwards", async () => {
  const at = { streamId: newId(now), connectionId: "catching-up=", userId: "ann" };
  const subscriber = readSubscriber(
    subscriberItem({ ...at, connectedAt: now.getTime(), expiresAt: 9e9, revision: 1 }),
  );
  await putSubscriber(subscriber);
  lost = 1;
  const behind = await advanceCatchUp(subscriber, 7);
  expect(behind).toMatchObject({ next: 7, behind: true });
  // Another call with the same state does not go on.
  expect(await advanceCatchUp(subscriber, 7)).toBeUndefined();
  lost = 1;
  expect(await goLive(behind!, 9)).toMatchObject({ next: 9 });
  expect(await goLive(behind!, 9)).toBeUndefined();
});

test("a subscription that is confirmed before its write is repeated keeps its first live frame", async () => {
  const at = { streamId: newId(now), connectionId: "confirmed-early=", userId: "ann" };
  const subscriber = readSubscriber(
    subscriberItem({ ...at, connectedAt: now.getTime(), expiresAt: 9e9, revision: 1 }),
  );
  lost = 1;
  meanwhile = () => setFirstLive(subscriber, 5);
  await putSubscriber(subscriber);
  expect(await findSubscriber(at.streamId, at.connectionId)).toMatchObject({ from: 5 });
  await putSubscriber({ ...subscriber, revision: 2 });
  expect(await findSubscriber(at.streamId, at.connectionId)).toMatchObject({ revision: 2 });
  expect(await readVisits(at.streamId)).toHaveLength(1);
});

test("an attempt of a webhook delivery counts once if the response of its record is lost", async () => {
  const receiverId = newId(now);
  const event = { id: "event-1", type: "gift.sent", at: now.toISOString() } as const;
  const id = deliveryId(receiverId, event);
  const attempted = (delivery: Delivery) => ({ ...delivery, attempts: delivery.attempts + 1 });
  lost = 1;
  expect(await recordDelivery(receiverId, attempted(makeDelivery(id, event, "{}")))).toBe(true);
  lost = 1;
  expect(await changeDelivery(receiverId, id, attempted)).toMatchObject({ attempts: 2 });
  expect(await findDelivery(receiverId, id)).toMatchObject({ attempts: 2 });
  // A repeated first attempt is still recognized.
  expect(await recordDelivery(receiverId, makeDelivery(id, event, "{}"))).toBe(false);
});

test("an erasure goes on after the response about its position was lost", async () => {
  const user = await makeUser(someone("user"));
  await removeUser({ userId: user, isForfeit: false, now: new Date() });
  lost = 1;
  await continueErasure(user);
  expect(await get(key.erasure(user))).toMatchObject({ again: true });
});
