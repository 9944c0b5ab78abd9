import { PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { handler as sweep } from "../../functions/money/sweep.ts";
import { beginInvocation, setDeadline } from "../../platform/runtime/deadline.ts";
import { type Due, dueOf, sumPending } from "../../platform/store/money/due.ts";
import { redriveAll } from "../../platform/store/money/redrive.ts";
import { getGift, refund } from "../../platform/store/money/refunds.ts";
import { settle, settleAll } from "../../platform/store/money/settle.ts";
import { findTotals } from "../../platform/store/money/totals.ts";
import { payOut } from "../../platform/store/money/wallet-operations.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { intercept } from "./intercept.ts";
import { useOwnTable } from "./table.ts";
import {
  byAdmin,
  forget,
  giftTypeOf,
  makeStream,
  makeUser,
  readGift,
  sendOne,
  someone,
} from "./wallet-people.ts";

useOwnTable();

const minuteAgo = new Date(Date.now() - 60_000);

const put = (Item: Record<string, unknown>) =>
  table().send(new PutCommand({ TableName: tableName(), Item }));

async function parked(): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await table().send(new ScanCommand({ TableName: tableName() }));
  return Items.filter(({ PK }) => String(PK).startsWith("PARKED"));
}

async function prepare(gifts: number, now = new Date()) {
  const [sender, host] = [await makeUser(someone("sender"), 1000), someone("host")];
  const stream = await makeStream(host);
  const ids: string[] = [];
  for (let n = 0; n < gifts; n++) ids.push(await sendOne(stream, sender, giftTypeOf(10), { now }));
  return { sender, host, streamId: stream.id, ids };
}

test("a poison record is parked with its reason, and the others are settled", async () => {
  const { host, streamId, ids } = await prepare(3);
  const [first, poison, last] = await Promise.all(ids.map((id) => readGift(streamId, id)));
  const broken = { ...poison, price: "ten" };
  await put(broken);
  expect(await settleAll([first!, broken, last!], new Date())).toEqual({ parked: 1, left: 0 });
  expect(await findWallet(host)).toMatchObject({ balance: 20 });
  const [item] = await parked();
  expect(item).toMatchObject({ of: { SK: `GIFT#${ids[1]}` }, image: { dueCredits: 10 } });
  expect(item!.because).toContain("price");

  expect(await redriveAll(new Date())).toEqual({ settled: 0, parked: 1 });
  await put(poison!);
  expect(await redriveAll(new Date())).toEqual({ settled: 1, parked: 0 });
  expect(await findWallet(host)).toMatchObject({ balance: 30 });
  expect(await findTotals(streamId)).toMatchObject({ gifts: 3, credits: 30 });
  expect(await parked()).toEqual([]);
});

test("one host's broken ledger does not block other users' credits", async () => {
  const [bad, good] = [await prepare(2), await prepare(2)];
  await put({ ...key.entry(bad.host, 1), userId: bad.host });
  const images = await Promise.all([
    ...bad.ids.map((id) => readGift(bad.streamId, id)),
    ...good.ids.map((id) => readGift(good.streamId, id)),
  ]);
  expect(await settleAll(images, new Date())).toEqual({ parked: 2, left: 0 });
  expect(await findWallet(good.host)).toMatchObject({ balance: 20 });
  expect(await findWallet(bad.host)).toMatchObject({ balance: 0 });
});

test("a gift that cannot be settled blocks no other gift of its host", async () => {
  const { host, streamId, ids } = await prepare(3);
  const images = await Promise.all(ids.map((id) => readGift(streamId, id)));
  // It fits like a superlike, which has no type; only its settling finds that it is a gift.
  const { giftType: _, ...untyped } = images[1]!;
  expect(await settleAll([images[0]!, untyped, images[2]!], new Date())).toEqual({
    parked: 1,
    left: 0,
  });
  expect(await findWallet(host)).toMatchObject({ balance: 20, seq: 2 });
  expect(await sumPending(host)).toBe(10);
  await settleAll(images, new Date());
  expect(await findWallet(host)).toMatchObject({ balance: 30, seq: 3 });
});

test("the sweep settles what no record settled, and leaves new gifts to the consumer", async () => {
  const [missed, fresh] = [await prepare(3, minuteAgo), await prepare(1)];
  expect(await sumPending(missed.host)).toBe(30);
  await sweep({});
  expect(await findWallet(missed.host)).toMatchObject({ balance: 30 });
  expect(await sumPending(missed.host)).toBe(0);
  expect(await findWallet(fresh.host)).toMatchObject({ balance: 0 });
  expect(await sumPending(fresh.host)).toBe(10);
  await sweep({});
  expect(await findWallet(missed.host)).toMatchObject({ balance: 30, seq: 3 });
});

test("the sweep settles all overdue gifts of a host in one run", async () => {
  const { sender, host, streamId } = await prepare(0);
  const stream = await getStream(streamId);
  for (let n = 0; n < 230; n++) {
    const now = new Date(minuteAgo.getTime() - 1_000 * n);
    await sendOne(stream, sender, giftTypeOf(1), { now });
  }
  await sweep({});
  expect(await findWallet(host)).toMatchObject({ balance: 230 });
});

test("gifts that the table throttles are read again, however old they are", async () => {
  const { host, streamId, ids } = await prepare(1, minuteAgo);
  const undo = intercept(({ name }, next) =>
    name === "TransactWriteCommand"
      ? Promise.reject(Object.assign(new Error("planted"), { name: "ThrottlingException" }))
      : next(),
  );
  // Not for the whole patience of one transaction.
  setDeadline(100);
  const settled = settleAll([await readGift(streamId, ids[0]!)], new Date());
  await expect(settled.finally(() => [undo(), beginInvocation(undefined)])).rejects.toThrow();
  await sweep({});
  expect(await findWallet(host)).toMatchObject({ balance: 10 });
});

test("more gifts than fit a transaction are settled in several, even of many streams", async () => {
  const host = someone("host");
  const sender = await makeUser(someone("sender"), 10_000);
  const images: Record<string, unknown>[] = [];
  for (let n = 0; n < 60; n++) {
    const stream = await makeStream(host);
    images.push(await readGift(stream.id, await sendOne(stream, sender, giftTypeOf(1))));
  }
  expect(await settleAll(images, new Date())).toEqual({ parked: 0, left: 0 });
  expect(await findWallet(host)).toMatchObject({ balance: 60, seq: 60 });
});

test("fewer gifts are settled at once for a host with a debt, whose credits take two entries each", async () => {
  const host = someone("host");
  const sender = await makeUser(someone("sender"), 10_000);
  const first = await makeStream(host);
  const id = await sendOne(first, sender, giftTypeOf(1000));
  await settleAll([await readGift(first.id, id)], new Date());
  await payOut({ userId: host, amount: 1000, reference: "out", now: new Date() }, forget);
  await refund(await getGift(id), byAdmin, new Date());
  const dues: Due[] = [];
  for (let n = 0; n < 24; n++) {
    const stream = await makeStream(host);
    dues.push(dueOf(await readGift(stream.id, await sendOne(stream, sender, giftTypeOf(5))))!);
  }
  // Not settleAll(), which settles one by one what cannot be settled together.
  await settle(host, dues, new Date());
  expect(await findWallet(host)).toMatchObject({ balance: 0, owed: 880, seq: 2 + 48 });
});
