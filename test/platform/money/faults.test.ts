import { rm } from "node:fs/promises";
import {
  admin,
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  rich,
  walletOf,
} from "../../api/people.ts";
import type { System } from "../../system.ts";
import {
  auditOf,
  callUntilAnswered,
  clearFaults,
  countStrikes,
  injectFault,
  settledBalance,
  startOwn,
} from "./running.ts";

let system: System;
let host: Person;
let streamId: string;
let typeId: string;

beforeAll(async () => {
  system = await startOwn();
  ({ host, id: streamId } = await liveStream());
  typeId = await giftType(10);
});
afterAll(async () => {
  const { dataDir } = system;
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});
afterEach(() => clearFaults());

const give = (as: Person, key: string, liveStreamId = streamId) =>
  callUntilAnswered("POST /api/v1/gifts/create", {
    as,
    key,
    body: { giftTypeId: typeId, liveStreamId },
  });

/** Every outside call of a gift, and every way in which it can go wrong. */
const operations = ["GetItem", "PutItem", "TransactWriteItems"];
const kinds = [
  ...["error_before", "error_after_commit", "timeout", "timeout_after_commit"],
  ...["throttle", "conflict"],
];
const cases = operations.flatMap((operation) => kinds.map((kind) => ({ operation, kind })));

/*
 * Planted fault that turns this red: endpoint() that answers a refusal without looking at the
 * marker, or recordGift() without the reply's marker in its transaction.
 */
test.each(cases)(
  "$kind at $operation of a gift: a repeated key makes one gift",
  async ({ operation, kind }) => {
    const sender = await rich(100);
    const before = await settledBalance(host);
    for (const count of [1, 4]) {
      await injectFault({ caller: "gifts-create", operation, kind, count });
      const key = freshId();
      const made = await give(sender, key);
      await clearFaults();
      const again = await give(sender, key);
      expect([made.status, again.status]).toEqual([201, 201]);
      expect(again.body.data).toEqual(made.body.data);
    }
    expect(await walletOf(sender)).toMatchObject({ balance: 80 });
    expect(await settledBalance(host)).toBe(before + 20);
  },
);

async function paidStream(price: number): Promise<string> {
  const made = await call("POST /api/v1/live-stream/create", {
    as: host,
    body: { title: "Paid", price },
  });
  const liveStreamId: string = made.body.data.id;
  const body = { liveStreamId };
  await call("POST /api/v1/live-stream/join-as-creator", { as: host, body });
  return liveStreamId;
}

/*
 * Planted faults that turn this red: a charge whose pass is written after its transaction, and a
 * charge without the condition that there is no pass.
 */
test.each(cases)("$kind at $operation of a join: charged once", async ({ operation, kind }) => {
  const sender = await rich(100);
  const before = await settledBalance(host);
  for (const count of [1, 4]) {
    const liveStreamId = await paidStream(10);
    const join = (key?: string) =>
      callUntilAnswered("POST /api/v1/live-stream/join", {
        as: sender,
        body: { liveStreamId },
        ...(key !== undefined && { key }),
      });
    await injectFault({ caller: "streams-join", operation, kind, count });
    const key = freshId();
    const [joined, other] = await Promise.all([join(key), join()]);
    await clearFaults();
    const again = await join(key);
    expect([joined.status, other.status, again.status]).toEqual([200, 200, 200]);
  }
  expect(await walletOf(sender)).toMatchObject({ balance: 80 });
  expect(await settledBalance(host)).toBe(before + 20);
});

test("killed during joins and refunds, everybody has paid once for what they have", async () => {
  const people = await Promise.all(Array.from({ length: 12 }, () => rich(100)));
  const boss = await admin();
  const liveStreamId = await paidStream(10);
  const before = await settledBalance(host);
  const join = (as: Person) =>
    callUntilAnswered("POST /api/v1/live-stream/join", { as, body: { liveStreamId } });
  const refund = (as: Person, key: string) =>
    callUntilAnswered(`POST /api/v1/live-stream/${liveStreamId}/passes/${as.id}/refund`, {
      as: boss,
      key,
    });
  for (const as of people.slice(0, 4)) await join(as);
  const { dataDir } = system;
  const port = Number(new URL(system.url).port);
  const keys = people.map(freshId);
  const refunds = people.slice(0, 4).map((as, n) => refund(as, keys[n]!));
  const joins = people.slice(4).map(join);
  await new Promise((done) => setTimeout(done, 100));
  await system.kill();
  system = await startOwn(dataDir, port);
  for (const { status } of await Promise.all([...refunds, ...joins])) expect(status).toBe(200);
  expect(await settledBalance(host)).toBe(before + 80);
  for (const [n, as] of people.entries()) {
    expect(await walletOf(as)).toMatchObject({ balance: n < 4 ? 100 : 90 });
    const inside = await call(`GET /api/v1/live-stream/${liveStreamId}/viewers`, { as });
    expect(inside.status).toBe(n < 4 ? 403 : 200);
  }
});

/*
 * Planted fault that turns this red: in transact(), a new token for each try instead of the same
 * one until the answer is definite. Without a key nothing else knows that the lost try had
 * committed.
 */
test.each(["error_after_commit", "timeout_after_commit"])(
  "%s, more often than the SDK tries: a gift without a key is paid once",
  async (kind) => {
    const sender = await rich(100);
    const operation = "TransactWriteItems";
    await injectFault({ caller: "gifts-create", operation, kind, count: 5 });
    const body = { giftTypeId: typeId, liveStreamId: streamId };
    const made = await call("POST /api/v1/gifts/create", { as: sender, body });
    expect(made.status).toBe(201);
    expect(await clearFaults()).toBe(5);
    expect(await walletOf(sender)).toMatchObject({ balance: 90 });
  },
);

/*
 * Planted fault that turns this red: writeOnce() that takes every failed condition for another's.
 * The SDK retries after a lost response, and finds its own write.
 */
test("a notification and a slow-mode message with lost responses are reported as created", async () => {
  const as = await person();
  const kind = { kind: "error_after_commit" };
  await injectFault({ caller: "notifications-create", operation: "TransactWriteItems", ...kind });
  const note = { userId: as.id, title: "Hello", message: "there" };
  const what = { type: "system", category: "live_stream" };
  const made = await call("POST /api/v1/notifications", { as, body: { ...note, ...what } });
  expect(made.status).toBe(201);
  const { body } = await call("GET /api/v1/notifications/unread-count", { as });
  expect(body.data).toEqual({ count: 1 });

  const own = await liveStream();
  const settings = `PATCH /api/v1/live-stream/${own.id}/chat-settings`;
  await call(settings, { as: own.host, body: { slowModeSeconds: 300 } });
  await injectFault({ caller: "chat-send-message", operation: "UpdateItem", count: 2, ...kind });
  const say = () =>
    call(`POST /api/v1/live-stream/${own.id}/chat/messages`, { as, body: { content: "hi" } });
  expect((await say()).status).toBe(201);
  expect(await clearFaults()).toBe(3);
  expect((await say()).status).toBe(429);
});

/*
 * Planted fault that turns this red: settle() that removes the mark without its condition. A batch
 * whose answers were all lost is redelivered, and would be credited again.
 */
test.each(kinds)("%s at every call of settle: each gift is credited once", async (kind) => {
  const sender = await rich(200);
  const before = await settledBalance(host);
  const caller = "money-settle";
  await injectFault({ caller, operation: "TransactWriteItems", kind, count: 30 });
  await injectFault({ caller, operation: "GetItem", kind, count: 4 });
  for (let n = 0; n < 8; n++) expect((await give(sender, freshId())).status).toBe(201);
  expect(await settledBalance(host)).toBe(before + 80);
  expect(await walletOf(sender)).toMatchObject({ balance: 120 });
});

/*
 * Planted fault that turns this red: transact() that takes a cancellation for a conflict as done.
 */
test.each([10, 50, 90])("a storm of %i %% conflicts loses and doubles nothing", async (percent) => {
  const senders = await Promise.all(Array.from({ length: 5 }, () => rich(1000)));
  const before = await settledBalance(host);
  await injectFault({ operation: "TransactWriteItems", kind: "conflict", percent, count: 100_000 });
  let rounds = 0;
  // Gifts that wait are paid together, so a round may need few transactions, and chance spare them.
  while (rounds < 20 && (await countStrikes()) === 0) {
    rounds++;
    const gifts = senders.flatMap((sender) =>
      Array.from({ length: 4 }, () => give(sender, freshId())),
    );
    for (const { status } of await Promise.all(gifts)) expect(status).toBe(201);
  }
  expect(await clearFaults()).toBeGreaterThan(0);
  expect(await settledBalance(host)).toBe(before + rounds * 200);
  const balance = 1000 - rounds * 40;
  for (const sender of senders) expect(await walletOf(sender)).toMatchObject({ balance });
});

/*
 * Planted fault that turns this red: transact() that answers what failed while an item of the
 * transaction was not judged. The wallet is then missing next to its entry, as if it were corrupt.
 */
test("concurrent gifts of one sender all succeed, even if another call holds the wallet", async () => {
  const sender = await rich(2000);
  const kind = "condition_as_conflict";
  const keyPrefix = `WALLET#${sender.id}`;
  await injectFault({ caller: "gifts-create", keyPrefix, kind, count: 3 });
  const body = { giftTypeId: typeId, liveStreamId: streamId };
  const tap = () => call("POST /api/v1/gifts/create", { as: sender, body });
  let made = 0;
  // On a busy machine a round's gifts may come one after the other, and none meets another.
  for (let round = 0; round < 20 && (await countStrikes()) < 3; round++) {
    const taps = await Promise.all(Array.from({ length: 8 }, tap));
    expect(taps.map(({ status }) => status)).toEqual(Array(8).fill(201));
    made += taps.length;
  }
  expect(await clearFaults()).toBe(3);
  expect(await walletOf(sender)).toMatchObject({ balance: 2000 - made * 10 });
});

/*
 * Planted fault that turns this red: the wallet read together with its pending credits instead of
 * after them.
 */
test("a gift that is settled while the host reads is in the balance or pending", async () => {
  const sender = await rich(100);
  const before = await settledBalance(host);
  await call("POST /local/streams", { body: { pause: true } });
  await give(sender, freshId());
  const slow = { kind: "delay", delayMilliseconds: 3_000, count: 1 } as const;
  await injectFault({ caller: "wallets-get", operation: "Query", ...slow });
  const looking = walletOf(host);
  await eventually(
    () => call("GET /local/faults"),
    ({ body }) => body.faults[0].struck === 1,
  );
  await call("POST /local/streams", { body: { pause: false } });
  const { balance, pending } = await looking;
  expect(balance + pending).toBe(before + 10);
  await clearFaults();
});

/*
 * The fan-out dies between the frame that began a train and the train's item. Planted faults that
 * turn it red: an open train that is read from the log's mark alone (cacheOf); a covered gift that
 * is added again (newRecordsIn).
 */
test("killed during gifts, nothing acknowledged is lost, no key is used twice, and a train continues", async () => {
  const own = await liveStream();
  const route = `/api/v1/live-stream/${own.id}`;
  const settings = { enabled: true, startCredits: 50, startSenders: 2, windowSeconds: 600 };
  const train = { ...settings, levels: [100, 150, 1000], levelSeconds: 600 };
  expect((await call(`PUT ${route}/train`, { as: own.host, body: train })).status).toBe(200);
  const senders = await Promise.all([rich(500), rich(500)]);
  const keys = Array.from({ length: 30 }, freshId);
  const giveAll = () => Promise.all(keys.map((key, n) => give(senders[n % 2]!, key, own.id)));
  type Event = { id: string; type: string; data: { id: string; level: number } };
  const listEvents = async () => {
    const { body } = await call(`GET ${route}/events?after=0`, { as: own.host });
    return body.data.frames
      .flatMap((frame: { events: Event[] }) => frame.events)
      .filter(({ type }: Event) => type.startsWith("moment."));
  };
  const behindFrame = { caller: "realtime-fan-out", operation: "PutItem", count: 1_000 };
  await injectFault({
    ...behindFrame,
    kind: "delay",
    delayMilliseconds: 60_000,
    keyPrefix: `STREAM#${own.id}`,
  });
  // One after the other: it is the fifth that begins the train, before all others.
  for (let n = 0; n < 5; n++) await give(senders[n % 2]!, freshId(), own.id);
  const gifts = giveAll();
  await eventually(listEvents, (events) => events.length > 0);
  const { dataDir } = system;
  await system.kill();
  system = await startOwn(dataDir, Number(new URL(system.url).port));
  for (const { status } of [...(await gifts), ...(await giveAll())]) expect(status).toBe(201);
  for (const [n, sender] of senders.entries())
    expect(await walletOf(sender)).toMatchObject({ balance: 320 + n * 10 });
  expect(await settledBalance(own.host)).toBe(350);

  const read = async () => (await call(`GET ${route}/moments?status=open`)).body.data;
  const { list, sums } = await eventually(read, (open) => {
    const [train] = open.list;
    return train?.level === 2 && open.sums[train.id][1] >= 310;
  });
  expect(sums).toEqual({ likes: 0, [list[0].id]: [2, 310, 1000] });
  const events = await listEvents();
  expect(events.map(({ type, data }: Event) => [type, data.id, data.level])).toEqual([
    ["moment.started", list[0].id, 0],
    ["moment.changed", list[0].id, 1],
    ["moment.changed", list[0].id, 2],
  ]);
});

/*
 * Planted fault that turns this red: the combo's end kept in a timer of the process instead of a
 * delayed message.
 */
test("a combo ends once even if the process was killed before its time", async () => {
  const sender = await rich(100);
  const own = await liveStream();
  for (let n = 0; n < 3; n++) await give(sender, freshId(), own.id);
  await settledBalance(own.host);
  const { dataDir } = system;
  const port = Number(new URL(system.url).port);
  await system.kill();
  system = await startOwn(dataDir, port);
  const read = async () => {
    const route = `GET /api/v1/live-stream/${own.id}/events?after=0`;
    const frames = (await call(route, { as: sender })).body.data.frames;
    type Event = { type: string; data: { sender: { _id: string }; count: number } };
    return frames
      .flatMap(({ events }: { events: Event[] }) => events)
      .filter(({ type, data }: Event) => type === "combo.ended" && data.sender._id === sender.id);
  };
  const [ended] = await eventually(read, (ends) => ends.length > 0);
  expect(ended.data).toMatchObject({ count: 3, credits: 30 });
  await new Promise((done) => setTimeout(done, 2000));
  expect(await read()).toHaveLength(1);
});

test("after all faults the audit finds no problems", () => {
  expect(auditOf(system.dataDir)).toMatchObject({ code: 0 });
});
