import { BatchWriteCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { makeDelivery } from "../../domain/webhooks/delivery.ts";
import { handler as sweep } from "../../functions/money/sweep.ts";
import { dueOf, sumPending } from "../../platform/store/money/due.ts";
import { settle, settleAll } from "../../platform/store/money/settle.ts";
import { sweepOverdue } from "../../platform/store/money/sweep.ts";
import { findTotals } from "../../platform/store/money/totals.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { deliveryId, recordDelivery } from "../../platform/store/webhooks/deliveries.ts";
import { putItem } from "../../platform/table/items.ts";
import { dueIndex, key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { whileBusy, whileUnjudged } from "./busy-wallet.ts";
import { useOwnTable } from "./table.ts";
import { giftTypeOf, makeStream, makeUser, readGift, sendOne, someone } from "./wallet-people.ts";

useOwnTable();

const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1000);

/** A host with gifts of 10 credits that are due. */
async function prepare(gifts: number, now = new Date()) {
  const [sender, host] = [await makeUser(someone("sender"), 1000), someone("host")];
  const stream = await makeStream(host);
  const images: Awaited<ReturnType<typeof readGift>>[] = [];
  for (let n = 0; n < gifts; n++)
    images.push(await readGift(stream.id, await sendOne(stream, sender, giftTypeOf(10), { now })));
  return { host, streamId: stream.id, images };
}

/*
 * Planted fault that turns it red: settle() that drops the first waiting item in place of the one
 * that was settled.
 */
test("if another process settled one gift of a batch, the others are still credited", async () => {
  const { host, streamId, images } = await prepare(3);
  await settleAll([images[1]!], new Date());
  expect(await settleAll(images, new Date())).toEqual({ parked: 0, left: 0 });
  expect(await findWallet(host)).toMatchObject({ balance: 30, seq: 3 });
  expect(await findTotals(streamId)).toMatchObject({ gifts: 3, credits: 30 });
  expect(await sumPending(host)).toBe(0);
});

/*
 * Planted fault that turns it red: settle() that decides after a pause on the wallet that it had
 * before the pause.
 */
test("a host whose wallet changes between all retries is credited at the first read afterwards", async () => {
  const { host, images } = await prepare(2);
  await makeUser(host, 5);
  await settleAll([images[0]!], new Date());
  await whileBusy(host, { spares: true }, () => settle(host, [dueOf(images[1]!)!], new Date()));
  expect(await findWallet(host)).toMatchObject({ balance: 25 });
});

type WhileSo = (userId: string, act: () => Promise<void>) => Promise<void>;

const busyWays: [string, WhileSo][] = [
  ["each write fails", (userId, act) => whileBusy(userId, { spares: false }, act)],
  ["each write conflicts", (userId, act) => whileUnjudged(userId, "TransactionConflict", act)],
];

/*
 * Planted faults that turn them red: settle() that repeats its transactions within transact();
 * transact() that returns a throttle as a conflict.
 */
describe("a host whose wallet others keep writing", () => {
  const both = async (now?: Date) => {
    const [busy, calm] = [await prepare(2, now), await prepare(1, now)];
    await makeUser(busy.host, 5);
    return { busy, calm, images: [...busy.images, ...calm.images] };
  };

  test.each(busyWays)(
    "delays nobody if %s: their gifts are left to the sweep, which credits them",
    async (_, whileSo) => {
      const { busy, calm, images } = await both(secondsAgo(40));
      await whileSo(busy.host, async () => {
        expect(await settleAll(images, new Date())).toEqual({ parked: 0, left: 2 });
        await sweep({});
      });
      expect(await findWallet(calm.host)).toMatchObject({ balance: 10 });
      expect(await findWallet(busy.host)).toMatchObject({ balance: 5 });
      expect(await sumPending(busy.host)).toBe(20);
      await sweep({});
      expect(await findWallet(busy.host)).toMatchObject({ balance: 25 });
    },
  );

  test.each(busyWays)(
    "first gets a few seconds if %s, in which the gifts are redelivered behind those of other hosts",
    async (_, whileSo) => {
      const { busy, calm, images } = await both();
      await whileSo(busy.host, async () => {
        const coming = settleAll(images, new Date());
        await expect(coming).rejects.toMatchObject({ code: "unavailable" });
      });
      expect(await findWallet(calm.host)).toMatchObject({ balance: 10 });
      await settleAll(images, new Date());
      expect(await findWallet(busy.host)).toMatchObject({ balance: 25 });
    },
  );

  test("is not left to the sweep if the table throttles the partition: the gifts are redelivered", async () => {
    const { busy, calm, images } = await both(secondsAgo(40));
    await whileUnjudged(busy.host, "ThrottlingError", async () => {
      const coming = settleAll(images, new Date());
      await expect(coming).rejects.toMatchObject({ code: "unavailable" });
    });
    expect(await findWallet(calm.host)).toMatchObject({ balance: 10 });
    await settleAll(images, new Date());
    expect(await findWallet(busy.host)).toMatchObject({ balance: 25 });
  });
});

/**
 * Due items that cannot be settled, of `receivers` in turn. The engine scans in the order of the
 * receivers' names, so it finds these first.
 */
async function poison(count: number, receivers: number): Promise<void> {
  const TableName = tableName();
  const seconds = Math.floor(secondsAgo(3600).getTime() / 1000).toString(16);
  const items = Array.from({ length: count }, (_, n) => {
    const id = seconds + n.toString(16).padStart(16, "0");
    const due = `a-poisoned-${n % receivers}`;
    return { ...key.gift(`poison-${n}`, id), id, kind: "gift", due, dueCredits: "ten" };
  });
  for (let at = 0; at < items.length; at += 25) {
    const puts = items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } }));
    await table().send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
  }
}

async function parkedCount(): Promise<number> {
  const { Items = [] } = await table().send(new ScanCommand({ TableName: tableName() }));
  return Items.filter(({ PK }) => String(PK).startsWith("PARKED")).length;
}

/*
 * Planted faults that turn them red: a sweep that reads one page; one that always begins at the
 * beginning; one that does not go on behind a receiver whose gifts fill a page; one that goes on
 * behind gifts only, so that it reads the same debtors each time.
 */
describe("a sweep", () => {
  test("with little time left continues where the last one ended, until every user had a turn", async () => {
    const hosts: { host: string }[] = [];
    for (let n = 0; n < 8; n++) hosts.push(await prepare(1, secondsAgo(60)));
    await poison(40, 20);
    const short = { pageSize: 5, milliseconds: 0 };
    // 48 items in pages of 5.
    for (let n = 0; n < 10; n++) await sweepOverdue(new Date(), short);
    for (const { host } of hosts) expect(await findWallet(host)).toMatchObject({ balance: 10 });
    expect(await parkedCount()).toBe(40);
  });

  test("continues behind a receiver whose gifts fill a page: a backlog takes one turn, like one gift", async () => {
    const hosts: { host: string }[] = [];
    for (let n = 0; n < 4; n++) hosts.push(await prepare(1, secondsAgo(60)));
    await poison(300, 1);
    const short = { pageSize: 5, milliseconds: 0 };
    for (let n = 0; n < 16; n++) await sweepOverdue(new Date(), short);
    for (const { host } of hosts) expect(await findWallet(host)).toMatchObject({ balance: 10 });
  });

  test("continues behind the users with a debt, however many there are", async () => {
    const hosts: { host: string }[] = [];
    for (let n = 0; n < 4; n++) hosts.push(await prepare(1, secondsAgo(60)));
    const debt = { due: dueIndex.debtors, dueCredits: 5 };
    for (let n = 0; n < 30; n++) await putItem({ ...key.wallet(someone("debtor")), ...debt });
    const short = { pageSize: 5, milliseconds: 0 };
    for (let n = 0; n < 8; n++) await sweepOverdue(new Date(), short);
    for (const { host } of hosts) expect(await findWallet(host)).toMatchObject({ balance: 10 });
  });

  test("takes one turn for all pending deliveries of one receiver", async () => {
    const hosts: { host: string }[] = [];
    for (let n = 0; n < 4; n++) hosts.push(await prepare(1, secondsAgo(60)));
    const at = secondsAgo(3_600).toISOString();
    for (let n = 0; n < 100; n++) {
      const event = { id: `event-${n}`, type: "chat.message", at };
      const id = deliveryId("receiver", event);
      await recordDelivery("receiver", makeDelivery(id, event, "{}"));
    }
    const short = { pageSize: 5, milliseconds: 0 };
    for (let n = 0; n < 8; n++) await sweepOverdue(new Date(), short);
    for (const { host } of hosts) expect(await findWallet(host)).toMatchObject({ balance: 10 });
  });

  test("settles gifts behind two thousand items that cannot be settled", async () => {
    await poison(2000, 400);
    const hosts: { host: string }[] = [];
    for (let n = 0; n < 8; n++) hosts.push(await prepare(1, secondsAgo(60)));
    const swept = async () => {
      await sweep({});
      const wallets = await Promise.all(hosts.map(({ host }) => findWallet(host)));
      return wallets.every(({ balance }) => balance === 10);
    };
    // One does it all in the time that it has on a quiet machine.
    expect((await swept()) || (await swept()) || (await swept())).toBe(true);
  });
});
