import { jest } from "@jest/globals";
import { listPackages } from "../../domain/money/credit-package.ts";
import { receiversMax } from "../../domain/money/gift-item.ts";
import { personOf } from "../../domain/people/person.ts";
import { profileOf } from "../../domain/people/user.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler as measureDebts } from "../../functions/money/measure-debts.ts";
import { sumDebts } from "../../platform/store/money/due.ts";
import { getGift, refund } from "../../platform/store/money/refunds.ts";
import { settle } from "../../platform/store/money/settle.ts";
import { findFan, findTotals } from "../../platform/store/money/totals.ts";
import { payOut, purchase, topUp, transfer } from "../../platform/store/money/wallet-operations.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { listNotifications } from "../../platform/store/people/notification-lists.ts";
import { useOwnTable } from "./table.ts";
import {
  byAdmin,
  byHost,
  forget,
  giftTypeOf,
  makeStream,
  makeUser,
  sendOne,
  someone,
} from "./wallet-people.ts";

useOwnTable();

const person = (userId: string) => personOf(profileOf(userId, {}, new Date()));

async function settleGift(id: string) {
  const { gift, shares } = await getGift(id);
  for (const due of [gift, ...shares]) await settle(due.due!, [due], new Date());
}

async function prepare(credits = 100) {
  const [sender, host] = [someone("sender"), someone("host")];
  await makeUser(sender, credits);
  return { sender, host, stream: await makeStream(host) };
}

test("a refund reverses both sides, totals and leaderboard, and notifies both users", async () => {
  const { sender, host, stream } = await prepare();
  const id = await sendOne(stream, sender, giftTypeOf(30));
  await settleGift(id);
  expect(await refund(await getGift(id), byAdmin, new Date())).toMatchObject({ id, credits: 30 });
  expect(await findWallet(sender)).toMatchObject({ balance: 100, seq: 3 });
  expect(await findWallet(host)).toMatchObject({ balance: 0, owed: 0, seq: 2 });
  expect(await findTotals(stream.id)).toMatchObject({ gifts: 0, count: 0, credits: 0 });
  expect(await findFan(stream.id, sender)).toMatchObject({ gifts: 0, credits: 0 });
  for (const userId of [sender, host])
    expect(await listNotifications(userId, {}, 10)).toHaveLength(1);
});

test("a refund on the day of the gift gives its part of the daily spend limit back", async () => {
  const { sender, stream } = await prepare();
  const now = new Date();
  const yesterday = new Date(now.getTime() - 24 * 3600_000);
  const old = await sendOne(stream, sender, giftTypeOf(10), { now: yesterday });
  const id = await sendOne(stream, sender, giftTypeOf(30), { now });
  await sendOne(stream, sender, giftTypeOf(5), { now });
  await refund(await getGift(old), byAdmin, now);
  expect(await findWallet(sender)).toMatchObject({ spent: { credits: 35 } });
  await refund(await getGift(id), byAdmin, now);
  expect(await findWallet(sender)).toMatchObject({ balance: 95, spent: { credits: 5 } });
});

test("a due gift is settled first: nothing falls below zero", async () => {
  const { sender, host, stream } = await prepare();
  const id = await sendOne(stream, sender, giftTypeOf(30));
  const stale = await getGift(id);
  await refund(stale, byAdmin, new Date());
  expect(await findWallet(host)).toMatchObject({ balance: 0, owed: 0, seq: 2 });
  expect(await findTotals(stream.id)).toMatchObject({ gifts: 0, count: 0, credits: 0 });
  // The consumer's late record finds no mark.
  await settle(host, [stale.gift], new Date());
  expect(await findWallet(host)).toMatchObject({ balance: 0, seq: 2 });
});

test("many concurrent refunds of one gift refund it once", async () => {
  const { sender, host, stream } = await prepare();
  const id = await sendOne(stream, sender, giftTypeOf(30));
  const tries = Array.from({ length: 6 }, async () =>
    refund(await getGift(id), byAdmin, new Date()),
  );
  const outcomes = await Promise.allSettled(tries);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const one of outcomes)
    if (one.status === "rejected") expect(one.reason.code).toBe("gift_already_refunded");
  expect(await findWallet(sender)).toMatchObject({ balance: 100 });
  expect(await findWallet(host)).toMatchObject({ balance: 0, owed: 0 });
});

test("a refund beyond the host's balance becomes debt, and is repaid from the next income", async () => {
  const { sender, host, stream } = await prepare();
  const id = await sendOne(stream, sender, giftTypeOf(30));
  await settleGift(id);
  const now = new Date();
  await payOut({ userId: host, amount: 20, reference: "out", now }, forget);
  await refund(await getGift(id), byAdmin, now);
  expect(await findWallet(host)).toMatchObject({ balance: 0, owed: 20 });
  const booked = await topUp({ userId: host, amount: 15, reference: "in-1", now }, forget);
  expect(booked.balance).toBe(0);
  expect(await findWallet(host)).toMatchObject({ balance: 0, owed: 5 });
  await topUp({ userId: host, amount: 15, reference: "in-2", now }, forget);
  expect(await findWallet(host)).toMatchObject({ balance: 10, owed: 0 });
});

type Debtor = { host: string; sender: string; stream: Stream; now: Date };

/** Every way in which 15 credits come into a wallet; what is needed before is done at once. */
const waysIn: [string, (debtor: Debtor) => Promise<() => Promise<unknown>>][] = [
  [
    "top-up",
    async ({ host: userId, now }) =>
      () =>
        topUp({ userId, amount: 15, reference: "in", now }, forget),
  ],
  [
    "purchase",
    async ({ host, now }) => {
      const [pack] = listPackages({ activeOnly: true });
      return () => purchase(host, { ...pack!, creditAmount: 15 }, now, forget({}));
    },
  ],
  [
    "transfer",
    async ({ host: recipientId, sender: senderId, now }) => {
      await makeUser(recipientId);
      return () => transfer({ senderId, recipientId, amount: 15, now }, forget);
    },
  ],
  [
    "gift",
    async ({ stream, sender }) =>
      async () =>
        settleGift(await sendOne(stream, sender, giftTypeOf(15))),
  ],
  [
    "refund",
    async ({ host: userId, sender, now }) => {
      await topUp({ userId, amount: 15, reference: "lent", now }, forget);
      const id = await sendOne(await makeStream(sender), userId, giftTypeOf(15));
      await settleGift(id);
      return async () => refund(await getGift(id), byAdmin, now);
    },
  ],
];

/*
 * Planted fault that turns it red: credit() that repays nothing for a movement of that type.
 */
test.each(waysIn)("a debt is repaid from the next %s", async (_, prepareWay) => {
  const { sender, host, stream } = await prepare();
  const now = new Date();
  const comeIn = await prepareWay({ host, sender, stream, now });
  const id = await sendOne(stream, sender, giftTypeOf(20));
  await settleGift(id);
  await payOut({ userId: host, amount: 20, reference: "out", now }, forget);
  await refund(await getGift(id), byAdmin, now);
  expect(await findWallet(host)).toMatchObject({ balance: 0, owed: 20 });
  await comeIn();
  expect(await findWallet(host)).toMatchObject({ balance: 0, owed: 5 });
});

test("the notification of a callback gift's refund says that no credits were returned", async () => {
  const { sender, host, stream } = await prepare();
  const id = await sendOne(stream, sender, giftTypeOf(30), { charged: false });
  expect(await refund(await getGift(id), byHost, new Date())).toMatchObject({ id, credits: 0 });
  for (const userId of [sender, host]) {
    const told = (await listNotifications(userId, {}, 10)).at(0);
    expect(JSON.parse(String(told?.metadata))).toMatchObject({ giftId: id, credits: 0 });
    expect(told?.message).not.toMatch(/credits/);
  }
  expect(await findWallet(sender)).toMatchObject({ balance: 100, seq: 1 });
});

test("two concurrent refunds of an empty wallet both count as debt", async () => {
  const { sender, host, stream } = await prepare();
  const ids = [
    await sendOne(stream, sender, giftTypeOf(30)),
    await sendOne(stream, sender, giftTypeOf(12)),
  ];
  for (const id of ids) await settleGift(id);
  const now = new Date();
  await payOut({ userId: host, amount: 42, reference: "out", now }, forget);
  await Promise.all(ids.map(async (id) => refund(await getGift(id), byAdmin, now)));
  expect(await findWallet(host)).toMatchObject({ balance: 0, owed: 42 });
  expect(await findWallet(sender)).toMatchObject({ balance: 100 });
});

test("a gift to the most receivers is refunded by all of them in one transaction", async () => {
  const { sender, stream } = await prepare(1000);
  const receivers = Array.from({ length: receiversMax }, () => person(someone("guest")));
  const id = await sendOne(stream, sender, giftTypeOf(10), { receivers });
  await refund(await getGift(id), byAdmin, new Date());
  expect(await findWallet(sender)).toMatchObject({ balance: 1000 });
  for (const { userId } of receivers)
    expect(await findWallet(userId)).toMatchObject({ balance: 0, owed: 0, seq: 2 });
});

test("the total debt is published each minute, and no longer once it is repaid", async () => {
  const said: string[] = [];
  const write = jest
    .spyOn(process.stdout, "write")
    .mockImplementation((line) => said.push(String(line)) > 0);
  process.env.POWERTOOLS_LOG_LEVEL = "INFO";
  try {
    const before = await sumDebts();
    const debtors = await Promise.all([prepare(), prepare()]);
    const now = new Date();
    for (const { sender, host, stream } of debtors) {
      const id = await sendOne(stream, sender, giftTypeOf(20));
      await settleGift(id);
      await payOut({ userId: host, amount: 15, reference: "out", now }, forget);
      await refund(await getGift(id), byAdmin, now);
    }
    const owing = { owed: before.owed + 30, wallets: before.wallets + 2 };
    await measureDebts({});
    expect(JSON.parse(said.at(-1) ?? "{}")).toMatchObject({
      stage: "dev",
      CreditsOwed: [owing.owed],
    });
    await topUp({ userId: debtors[0]!.host, amount: 5, reference: "in", now }, forget);
    expect(await sumDebts()).toEqual({ ...owing, owed: before.owed + 25 });
    for (const { host } of debtors)
      await topUp({ userId: host, amount: 99, reference: "all", now }, forget);
    expect(await sumDebts()).toEqual(before);
  } finally {
    process.env.POWERTOOLS_LOG_LEVEL = "SILENT";
    write.mockRestore();
  }
});
