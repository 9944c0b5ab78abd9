import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { decideGift } from "../../domain/money/gift.ts";
import { personOfSummary } from "../../domain/people/person.ts";
import { setting } from "../../platform/runtime/env.ts";
import { dueOf } from "../../platform/store/money/due.ts";
import { getGiver, giftContext, recordGift } from "../../platform/store/money/gifts.ts";
import { hashOf, listEntries } from "../../platform/store/money/ledger.ts";
import { settle } from "../../platform/store/money/settle.ts";
import { findFan, findTotals } from "../../platform/store/money/totals.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { keyedCall } from "../../platform/table/idempotency.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { DuplicateKeyError } from "../../platform/table/transact.ts";
import { useOwnTable } from "./table.ts";
import {
  forget,
  giftTypeOf,
  keep,
  makeStream,
  makeUser,
  readGift,
  sendOne,
  someone,
} from "./wallet-people.ts";

useOwnTable();

const ledgerOf = async (userId: string) => listEntries(userId, 1, (await findWallet(userId)).seq);

test("a gift debits the sender at once and credits the host when it is settled", async () => {
  const [sender, host] = [someone("sender"), someone("host")];
  await makeUser(sender, 100);
  const stream = await makeStream(host);
  const id = await sendOne(stream, sender, giftTypeOf(30));
  expect(await findWallet(sender)).toMatchObject({ balance: 70, seq: 2, owed: 0 });
  expect(await findWallet(host)).toMatchObject({ balance: 0, seq: 0 });
  const item = await readGift(stream.id, id);
  expect(item).toMatchObject({ due: host, dueCredits: 30, price: 30, revision: 1 });

  await settle(host, [dueOf(item)!], new Date());
  expect(await findWallet(host)).toMatchObject({ balance: 30, seq: 1 });
  expect(await findTotals(stream.id)).toMatchObject({ gifts: 1, count: 1, credits: 30 });
  expect(await findFan(stream.id, sender)).toMatchObject({ gifts: 1, credits: 30 });
  expect(dueOf(await readGift(stream.id, id))).toBeUndefined();
});

test("settling the same gift repeatedly and concurrently credits it once", async () => {
  const [sender, host] = [someone("sender"), someone("host")];
  await makeUser(sender, 1000);
  const stream = await makeStream(host);
  const type = giftTypeOf(7);
  const ids: string[] = [];
  for (let n = 0; n < 30; n++) ids.push(await sendOne(stream, sender, type));
  const due = await Promise.all(ids.map(async (id) => dueOf(await readGift(stream.id, id))!));
  const now = new Date();
  await Promise.all([
    settle(host, due, now),
    settle(host, due.slice(10), now),
    settle(host, [...due].reverse(), now),
  ]);
  await settle(host, due, now);
  expect(await findWallet(host)).toMatchObject({ balance: 210, seq: 30 });
  expect(await findTotals(stream.id)).toMatchObject({ gifts: 30, count: 30, credits: 210 });
  expect(await findFan(stream.id, sender)).toMatchObject({ gifts: 30, credits: 210 });
});

test("entries are chained, and the wallet has the hash of the newest", async () => {
  const [sender, host] = [someone("sender"), someone("host")];
  await makeUser(sender, 50);
  const stream = await makeStream(host);
  for (let n = 0; n < 3; n++) await sendOne(stream, sender, giftTypeOf(10));
  const entries = await ledgerOf(sender);
  expect(entries.map(({ amount }) => amount)).toEqual([50, -10, -10, -10]);
  expect(entries.map(({ balanceAfter }) => balanceAfter)).toEqual([50, 40, 30, 20]);
  let previous = "";
  for (const entry of entries) {
    expect(entry.previous).toBe(previous);
    previous = hashOf(entry as never);
  }
  expect((await findWallet(sender)).head).toBe(previous);
});

test("a wallet with credits for one gift pays for one of many concurrent gifts", async () => {
  const [sender, host] = [someone("sender"), someone("host")];
  await makeUser(sender, 10);
  const stream = await makeStream(host);
  const type = giftTypeOf(10);
  const tries = Array.from({ length: 100 }, () => sendOne(stream, sender, type));
  const outcomes = await Promise.allSettled(tries);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const codes = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
  expect(new Set(codes)).toEqual(new Set(["credits_too_low"]));
  expect(await findWallet(sender)).toMatchObject({ balance: 0, seq: 2 });
});

test("a gift at another price than the sender saw is refused, and costs nothing", async () => {
  const sender = await makeUser(someone("sender"), 100);
  const stream = await makeStream(someone("host"));
  const giver = await getGiver(stream.id, sender);
  const receivers = [personOfSummary(stream.host, setting("DEFAULT_PICTURE"))];
  const request = { giftType: giftTypeOf(30), receivers, count: 1, charged: true };
  const give = async (expectedPrice: number) => {
    const context = giftContext(stream, giver, new Date());
    return recordGift(decideGift(context, { ...request, expectedPrice }), ({ id }) => forget(id));
  };
  for (const price of [29, 31])
    await expect(give(price)).rejects.toMatchObject({ code: "price_changed" });
  expect(await findWallet(sender)).toMatchObject({ balance: 100, seq: 1 });
  await give(30);
  expect(await findWallet(sender)).toMatchObject({ balance: 70, seq: 2 });
});

test("a gift is decided once, and again only if the wallet has changed meanwhile", async () => {
  const sender = await makeUser(someone("sender"), 100);
  const stream = await makeStream(someone("host"));
  const receivers = [personOfSummary(stream.host, setting("DEFAULT_PICTURE"))];
  const request = { giftType: giftTypeOf(30), receivers, count: 1, charged: true };
  const giver = await getGiver(stream.id, sender);
  // The second one is decided on a wallet that the first one has written since.
  for (const [balance, times] of [
    [70, 0],
    [40, 1],
  ] as const) {
    let again = 0;
    const decided = decideGift(giftContext(stream, giver, new Date()), request);
    const counting = (context: typeof decided.context) => {
      again += 1;
      return decided.again(context);
    };
    await recordGift({ ...decided, again: counting }, forget);
    expect(again).toBe(times);
    expect(await findWallet(sender)).toMatchObject({ balance });
  }
});

test("one key makes one gift, even for two concurrent calls", async () => {
  const [sender, host] = [someone("sender"), someone("host")];
  await makeUser(sender, 100);
  const stream = await makeStream(host);
  const type = giftTypeOf(10);
  const call = keyedCall(sender, "POST /gifts", "key-1", { gift: 1 });
  const once = keep(call, new Date());
  const tries = Array.from({ length: 8 }, () => sendOne(stream, sender, type, {}, once));
  const outcomes = await Promise.allSettled(tries);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const one of outcomes)
    if (one.status === "rejected") expect(one.reason).toBeInstanceOf(DuplicateKeyError);
  expect(await findWallet(sender)).toMatchObject({ balance: 90, seq: 2 });
});

test("an expired key is free, even while its item still exists", async () => {
  const [sender, host] = [someone("sender"), someone("host")];
  await makeUser(sender, 100);
  const stream = await makeStream(host);
  const type = giftTypeOf(10);
  const call = keyedCall(sender, "POST /gifts", "key-1", { gift: 1 });
  const longAgo = new Date(Date.now() - 26 * 3600 * 1000);
  await sendOne(stream, sender, type, {}, keep(call, longAgo));
  await sendOne(stream, sender, type, {}, keep(call, new Date()));
  expect(await findWallet(sender)).toMatchObject({ balance: 80 });
});

test("several receivers are credited each, all or nothing", async () => {
  const [sender, host, guest] = [someone("sender"), someone("host"), someone("guest")];
  await makeUser(sender, 100);
  await makeUser(guest);
  const stream = await makeStream(host);
  const person = (userId: string) => ({
    userId,
    username: userId,
    name: "",
    surname: "",
    picture: "",
    createdAt: stream.createdAt,
    updatedAt: stream.createdAt,
  });
  const wish = { receivers: [person(host), person(guest)], count: 2 };
  await expect(sendOne(stream, sender, giftTypeOf(30), wish)).rejects.toMatchObject({
    code: "credits_too_low",
  });
  expect(await findWallet(sender)).toMatchObject({ balance: 100 });
  const id = await sendOne(stream, sender, giftTypeOf(20), wish);
  expect(await findWallet(sender)).toMatchObject({ balance: 20, seq: 3 });
  const first = dueOf(await readGift(stream.id, id))!;
  const Key = key.gift(stream.id, id, 1);
  const { Item } = await table().send(new GetCommand({ TableName: tableName(), Key }));
  await settle(host, [first], new Date());
  await settle(guest, [dueOf(Item!)!], new Date());
  expect(await findWallet(host)).toMatchObject({ balance: 40 });
  expect(await findWallet(guest)).toMatchObject({ balance: 40 });
  expect(await findTotals(stream.id)).toMatchObject({ gifts: 1, count: 4, credits: 80 });
});

test("a gift decided by a callback moves no credits and counts", async () => {
  const [sender, host] = [someone("sender"), someone("host")];
  await makeUser(sender);
  const stream = await makeStream(host);
  const id = await sendOne(stream, sender, giftTypeOf(30), { charged: false });
  await settle(host, [dueOf(await readGift(stream.id, id))!], new Date());
  expect(await findWallet(sender)).toMatchObject({ balance: 0, seq: 0 });
  expect(await findWallet(host)).toMatchObject({ balance: 0, seq: 0 });
  expect(await findTotals(stream.id)).toMatchObject({ gifts: 1, count: 1, credits: 30 });
});
