import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteCommand, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { listPackages } from "../../domain/money/credit-package.ts";
import { decideGift } from "../../domain/money/gift.ts";
import { debit, draftOf, emptyWallet } from "../../domain/money/wallet.ts";
import { audit } from "../../platform/audit/audit.ts";
import { exportJournal, readJournal } from "../../platform/audit/journal.ts";
import { holdAction, markOf } from "../../platform/store/money/call-marks.ts";
import { getGiver, giftContext, recordGift } from "../../platform/store/money/gifts.ts";
import { releaseHold } from "../../platform/store/money/held-gifts.ts";
import { findGift, getGift, refund } from "../../platform/store/money/refunds.ts";
import { settle } from "../../platform/store/money/settle.ts";
import { payOut, purchase, transfer } from "../../platform/store/money/wallet-operations.ts";
import { recordSpendLimit, seal } from "../../platform/store/money/wallets.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import type { Item } from "../../platform/table/items.ts";
import { type Key, key } from "../../platform/table/keys.ts";
import { scanTable } from "../../platform/table/query.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { useOwnTable } from "./table.ts";
import { byAdmin, forget, giftTypeOf, makeStream, makeUser, sendOne } from "./wallet-people.ts";

let streamId: string;
let ids: { settled: string; due: string; refunded: string; several: string };
const type = giftTypeOf(10);

const guest = {
  userId: "guest",
  username: "",
  name: "",
  surname: "",
  picture: "",
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
};
const host = { ...guest, userId: "host" };

useOwnTable();
beforeAll(async () => {
  const now = new Date(Date.now() - 60_000);
  for (const name of ["ann", "bob", "guest", "host"]) await makeUser(name, 1000);
  const stream = await makeStream("host");
  streamId = stream.id;
  const send = (sender: string, wish = {}) => sendOne(stream, sender, type, { now, ...wish });
  const settleAll = async (id: string) => {
    const { gift, shares } = await getGift(id);
    for (const due of [gift, ...shares]) await settle(due.due!, [due], now);
  };
  ids = {
    settled: await send("ann"),
    refunded: await send("bob"),
    several: await send("ann", { receivers: [host, guest], count: 2 }),
    due: "",
  };
  for (const id of [ids.settled, ids.refunded, ids.several]) await settleAll(id);
  await payOut({ userId: "host", amount: 1035, reference: "out", now }, forget);
  await refund(await getGift(ids.refunded), byAdmin, now);
  await transfer({ senderId: "ann", recipientId: "bob", amount: 5, now }, forget);
  ids.due = await send("bob");
  const shown = [...Object.values(ids), `${ids.refunded}:refunded`];
  const covers = shown.map((id) => `gift:${id}`);
  const newest = Math.floor(Date.now() / 1000);
  await put({ ...key.frame(streamId, 1), n: 1, covers: covers.join(" "), newest });
});

const put = (Item: Record<string, unknown>) =>
  table().send(new PutCommand({ TableName: tableName(), Item }));

async function get(Key: Key): Promise<Item> {
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key, ConsistentRead: true }),
  );
  return Item as Item;
}

const pause = async () => {};
const look = (read: () => AsyncIterable<Item> = scanTable) =>
  audit({ read, now: new Date(), patienceMilliseconds: 0, pause });

test("a sound table has no problems, and its sums balance", async () => {
  const { sums, misfits } = await look();
  expect(misfits).toEqual([]);
  expect(sums).toMatchObject({
    issued: 4000,
    owed: 5,
    debtors: 1,
    pending: 10,
    paidOut: 1035,
    gifts: 4,
  });
  expect(sums.issued + sums.owed).toBe(sums.balances + sums.pending + sums.held + sums.paidOut);
});

test("a wallet with a limit and no entries is sound, and so are purchased credits", async () => {
  await recordSpendLimit("careful", 100);
  const [pack] = listPackages({ activeOnly: true });
  await purchase("buyer", pack!, new Date(), forget({}));
  const { sums, misfits } = await look();
  expect(misfits).toEqual([]);
  expect(sums.issued).toBe(4000 + pack!.creditAmount);
});

/*
 * Planted fault that turns it red: createDebts() that takes every refund for an admin's.
 */
test("a debt that no admin's refund left is reported, such as one left by code", async () => {
  const place = key.gift(streamId, ids.refunded);
  const gift = await get(place);
  for (const refundedBy of [undefined, { role: "host", userId: "host" }]) {
    const { refundedBy: _, ...without } = gift;
    await put({ ...without, ...(refundedBy && { refundedBy }) });
    const { misfits } = await look();
    expect(misfits).toEqual([
      { items: ["WALLET#host WALLET"], problem: expect.stringMatching(/no admin's refund.* 5$/) },
    ]);
  }
  await put(gift);
});

/*
 * Planted faults that turn it red: an age of held gifts by the clock, or by the newest write.
 */
test("a held gift is counted, and reported once a running system should have released it", async () => {
  const now = new Date();
  const stream = await getStream(streamId);
  const giver = await getGiver(streamId, "ann");
  const wish = { giftType: type, receivers: [host], count: 1, charged: true };
  const mark = markOf("ann", "call", now);
  const gift = await recordGift(
    decideGift(giftContext(stream, giver, now), wish),
    (answer) => forget(answer),
    (held) => [holdAction(mark, held)],
  );
  const { sums, misfits } = await look();
  expect([sums.held, misfits]).toEqual([10, []]);
  const later = new Date(now.getTime() + 86_400_000);
  const lookLater = async () =>
    (await audit({ read: scanTable, now: later, patienceMilliseconds: 0, pause })).misfits;
  // The system was stopped after the call; then it wrote in each of the last minutes.
  const minutes = [4, 3, 2, 1, 0].map((left) => later.getTime() / 1000 - left * 60);
  for (const [n, newest] of minutes.entries()) {
    expect(await lookLater()).toEqual([]);
    await put({ ...key.frame("another", n), n, covers: "", newest: Math.floor(newest) });
  }
  expect(await lookLater()).toEqual([
    {
      items: [expect.stringMatching(/^CALL#ann /)],
      problem: expect.stringMatching(/holds a gift since/),
    },
  ]);
  const place = key.call(mark.owner, mark.hash);
  const item = await get(place);
  await put({ ...item, dueCredits: 9 });
  expect((await look()).misfits[0]).toMatchObject({ problem: expect.stringMatching(/with 9$/) });
  await put(item);
  await releaseHold(mark, now);
  expect(await findGift(streamId, gift.id)).toBeUndefined();
  const after = await look();
  expect([after.sums.held, after.misfits]).toEqual([0, []]);
});

test("a payout that adds credits is reported, though all sums agree", async () => {
  const { createdAt: occurredAt } = guest;
  const movement = { type: "payout", amount: -7, reference: "out", occurredAt } as const;
  const { wallet, actions } = seal(debit(draftOf(emptyWallet("thief")), movement));
  async function* withThief() {
    yield* scanTable();
    for (const { Put } of actions) if (Put) yield Put.Item as Item;
    yield { ...key.wallet("thief"), ...wallet };
    yield { ...key.reference("thief", "out"), type: "payout", amount: 7 };
  }
  expect((await look(withThief)).misfits).toEqual([
    { items: [expect.stringMatching(/^LEDGER#thief /)], problem: "entry 1: a payout of 7" },
  ]);
});

/** Each kind of corruption: the item, the change, and the finding that the audit must report. */
const corruptions: [string, () => Key, (item: Item) => Item | undefined, RegExp][] = [
  [
    "a balance that grew",
    () => key.wallet("ann"),
    (w) => ({ ...w, balance: Number(w.balance) + 1 }),
    /balance of ann: 1 too much/,
  ],
  ["a negative balance", () => key.wallet("ann"), (w) => ({ ...w, balance: -1 }), /does not fit/],
  ["a wallet that is gone", () => key.wallet("bob"), () => undefined, /balance of bob/],
  [
    "a debt that was forgiven",
    () => key.wallet("host"),
    (w) => ({ ...w, owed: 0 }),
    /debt of host: 5 missing/,
  ],
  [
    "a debt that is missing among the debtors",
    () => key.wallet("host"),
    ({ due: _, dueCredits: __, ...w }) => w as Item,
    /owes 5, is among the debtors with 0/,
  ],
  [
    "a wallet set back",
    () => key.wallet("ann"),
    (w) => ({ ...w, seq: Number(w.seq) - 1 }),
    /number of entries of ann/,
  ],
  ["a changed hash", () => key.wallet("ann"), (w) => ({ ...w, head: "x" }), /newest entry of ann/],
  ["an entry that is gone", () => key.entry("ann", 2), () => undefined, /entries are missing/],
  [
    "a last entry that is gone",
    () => key.entry("bob", 4),
    () => undefined,
    /number of entries of bob/,
  ],
  [
    "a changed amount",
    () => key.entry("ann", 2),
    (e) => ({ ...e, amount: -9 }),
    /balance after|one of them was changed/,
  ],
  [
    "a changed counterpart",
    () => key.entry("ann", 2),
    (e) => ({ ...e, counterpart: "bob" }),
    /debit of ann for gift .* to bob/,
  ],
  [
    "a changed amount within an item",
    () => key.entry("ann", 3),
    (e) => ({ ...e, more: [{ ...(e.more as object[])[0], amount: -19 }] }),
    /one of them was changed/,
  ],
  [
    "an entry that is gone from an item",
    () => key.entry("ann", 3),
    ({ more: _, ...e }) => e as Item,
    /entries are missing/,
  ],
  [
    "a changed time",
    () => key.entry("ann", 1),
    (e) => ({ ...e, occurredAt: "2020-01-01T00:00:00.000Z" }),
    /one of them was changed/,
  ],
  [
    "a gift that is gone",
    () => key.gift(streamId, ids.settled),
    () => undefined,
    /debit of ann for gift/,
  ],
  [
    "a gift credited again",
    () => key.gift(streamId, ids.due),
    ({ due: _, ...g }) => g as Item,
    /credit of host for gift .*: 10 missing/,
  ],
  [
    "a mark that reappeared",
    () => key.gift(streamId, ids.settled),
    (g) => ({ ...g, due: "host" }),
    /credit of host for gift .*: 10 too much/,
  ],
  [
    "a refund that never was",
    () => key.gift(streamId, ids.settled),
    (g) => ({ ...g, refundedAt: "2026-01-01T00:00:00.000Z" }),
    /refund of gift .*: 10 missing/,
  ],
  [
    "a changed price",
    () => key.gift(streamId, ids.settled),
    (g) => ({ ...g, price: 11 }),
    /price 11 is not 10/,
  ],
  [
    "a share that is gone",
    () => key.gift(streamId, ids.several, 1),
    () => undefined,
    /part 1 of gift/,
  ],
  [
    "totals that grew",
    () => key.totals(streamId),
    (t) => ({ ...t, credits: Number(t.credits) + 1 }),
    /stream .*: credits: 1 too much/,
  ],
  [
    "totals of a type",
    () => key.totals(streamId),
    (t) => ({ ...t, [`type_${type.id}`]: 99 }),
    /count of type/,
  ],
  [
    "a fan's place",
    () => key.fan(streamId, "ann"),
    (f) => ({ ...f, credits: 1 }),
    /fan ann of stream .*: credits/,
  ],
  ["a fan that is gone", () => key.fan(streamId, "ann"), () => undefined, /fan ann of stream/],
  [
    "a reference that is gone",
    () => key.reference("host", "out"),
    () => undefined,
    /reference out of host/,
  ],
  [
    "a gift without its event",
    () => key.frame(streamId, 1),
    (f) => ({ ...f, covers: `gift:${ids.due}` }),
    /event of gift .*: 1 missing/,
  ],
  [
    "a doubled event",
    () => key.frame(streamId, 1),
    (f) => ({ ...f, covers: `${f.covers} gift:${ids.due}` }),
    /event of gift .*: 1 too much/,
  ],
  [
    "a refund without its event",
    () => key.frame(streamId, 1),
    (f) => ({ ...f, covers: String(f.covers).replace(":refunded", ":ended") }),
    /^event of the refund of gift .*: 1 missing$/,
  ],
  [
    "a doubled event of a refund",
    () => key.frame(streamId, 1),
    (f) => ({ ...f, covers: `${f.covers} gift:${ids.refunded}:refunded` }),
    /^event of the refund of gift .*: 1 too much$/,
  ],
];

test.each(corruptions)("%s is found and reported", async (_, place, corrupt, expected) => {
  const Key = place();
  const item = await get(Key);
  const corrupted = corrupt(item);
  if (corrupted === undefined)
    await table().send(new DeleteCommand({ TableName: tableName(), Key }));
  else await put(corrupted);
  const { misfits } = await look();
  await put(item);
  expect(misfits.map(({ problem }) => problem).join("\n")).toMatch(expected);
  expect(misfits.every(({ items }) => items.length > 0)).toBe(true);
  expect((await look()).misfits).toEqual([]);
});

test("a gift that the log has not reached yet is in progress, not missing", async () => {
  const frame = await get(key.frame(streamId, 1));
  await put({ ...frame, covers: "", newest: 1 });
  expect((await look()).misfits).toEqual([]);
  await put(frame);
});

test("a journal keeps texts with line separators of Unicode", async () => {
  const directory = mkdtempSync(join(tmpdir(), "journal-"));
  const path = join(directory, "journal");
  const item = { PK: "STREAM#s", SK: "MEMBER#u", reason: "spam\u2028again\u2029" };
  const listed = async (items: AsyncIterable<object>) => {
    const all: object[] = [];
    for await (const one of items) all.push(one);
    return all;
  };
  async function* only() {
    yield item;
  }
  await listed(exportJournal(only(), path, new Date()));
  expect(await listed(readJournal(path))).toEqual([item]);
  rmSync(directory, { recursive: true });
});

test("a journal proves the same offline, and shows if it was changed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "journal-"));
  const path = join(directory, "journal");
  const { sums } = await look(() => exportJournal(scanTable(), path, new Date()));
  const again = await look(() => readJournal(path));
  expect(again.misfits).toEqual([]);
  expect(again.sums).toMatchObject({
    issued: sums.issued,
    balances: sums.balances,
    gifts: sums.gifts,
  });
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace('"balance":', '"balance":1'));
  await expect(look(() => readJournal(path))).rejects.toThrow("was changed");
  writeFileSync(path, text.split("\n").slice(0, -2).join("\n"));
  await expect(look(() => readJournal(path))).rejects.toThrow("no seal");
  rmSync(directory, { recursive: true });
});

test("changes between two checks are not reported, lasting problems are", async () => {
  const wallet = await get(key.wallet("ann"));
  const grown = (by: number) => put({ ...wallet, balance: Number(wallet.balance) + by });
  await grown(1);
  let looks = 0;
  const pause = async () => void (await grown(++looks + 1));
  const now = new Date();
  const moving = await audit({ read: scanTable, now, patienceMilliseconds: 1000, pause });
  await grown(1);
  const still = async () => {};
  const staying = await audit({ read: scanTable, now, patienceMilliseconds: 1000, pause: still });
  await put(wallet);
  expect(moving.misfits).toEqual([]);
  expect(staying.misfits.map(({ problem }) => problem)).toContain("balance of ann: 1 too much");
});
