import { randomUUID } from "node:crypto";
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { Gift } from "../../domain/money/gift-item.ts";
import type { Attributes } from "../../local/aws/dynamodb-access.ts";
import { countItemBytes } from "../../local/engine/values.ts";
import { dueOf } from "../../platform/store/money/due.ts";
import {
  changeStoredGiftType,
  getGiftType,
  listGiftTypes,
  recordGiftType,
} from "../../platform/store/money/gift-types.ts";
import { settle } from "../../platform/store/money/settle.ts";
import { topUp } from "../../platform/store/money/wallet-operations.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { keyedCall } from "../../platform/table/idempotency.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { countUnits, intercept } from "./intercept.ts";
import { useOwnTable } from "./table.ts";
import { ask, knownGiftType, useCallbackGifts } from "./tencent/callback-gifts.ts";
import { forget, giftTypeOf, keep, makeStream, makeUser, sendOne } from "./wallet-people.ts";

let units = { read: 0, write: 0 };
let transactions = 0;

/**
 * Counts the engine's units of every call: table and index, transactions twice. Counts transactions
 * when they begin, because cancelled ones are charged too.
 */
function meter() {
  intercept(async (sent, next) => {
    if (sent.name === "TransactWriteCommand") transactions++;
    const { answer, units: consumed } = await countUnits(sent, next);
    units[/Get|Query|Scan/.test(sent.name) ? "read" : "write"] += consumed;
    return answer;
  });
}

useOwnTable();
beforeAll(() => meter());

useCallbackGifts();

/**
 * Sends as the endpoint does: stream and giver are read consistently, and the call has a key.
 */
async function send(streamId: string, senderId: string, giftTypeId: string, name: string) {
  const stream = await getStream(streamId, { consistent: true });
  const type = await getGiftType(giftTypeId);
  const call = keyedCall(senderId, "POST /api/v1/gifts/create", name, { streamId, giftTypeId });
  return sendOne(stream, senderId, type, {}, keep(call, new Date()));
}

async function imageOf(streamId: string, id: string) {
  const Key = key.gift(streamId, id);
  const { Item } = await table().send(new GetCommand({ TableName: tableName(), Key }));
  return Item!;
}

async function prepare(hostId: string, senders: string[]) {
  for (const sender of senders) await makeUser(sender, 1000);
  const stream = await makeStream(hostId);
  const type = giftTypeOf(10);
  await recordGiftType(type, forget(undefined));
  // The first gift of a stream and process records its place.
  const first = await send(stream.id, senders[0]!, type.id, "first");
  await settle(hostId, [dueOf(await imageOf(stream.id, first))!], new Date());
  return { streamId: stream.id, typeId: type.id };
}

/*
 * To hold it: the wallet and its entry, the mark with the gift, and their index. To confirm it: the
 * mark again, the gift, and both of their places in the index.
 */
test("a gift of a callback costs 13 write units until it is sent", async () => {
  const [sender, host] = [await makeUser("asker", 1000), await makeUser("asked")];
  const stream = await makeStream(host);
  const { giftId: GiftId } = await knownGiftType(10);
  // The first gift of a stream and process records its place.
  expect(await ask(stream, sender, { GiftId })).toBe(0);
  units = { read: 0, write: 0 };
  expect(await ask(stream, sender, { GiftId })).toBe(0);
  expect(units.write).toBe(7 + 6);
});

// Of all: the wallet, its entries in three items, TOTALS. Of each gift: the mark and its index. And
// of each sender: the place on the leaderboard.
test.each([
  [20, 6 + 4 + 20 * 3 + 20 * 2],
  [10, 6 + 4 + 20 * 3 + 10 * 2],
])(
  "settled twenty at once, by %d senders, gifts cost %d write units plus 9 each",
  async (count, wanted) => {
    const senders = Array.from({ length: count }, (_, n) => `of-${count}-${n}`);
    const { streamId, typeId } = await prepare(`busy-${count}`, senders);
    const images: Record<string, unknown>[] = [];
    for (let n = 0; n < 20; n++) {
      units = { read: 0, write: 0 };
      const id = await send(streamId, senders[n % count]!, typeId, `key-${n}`);
      expect(units.write).toBe(9);
      images.push(await imageOf(streamId, id));
    }
    units = { read: 0, write: 0 };
    await settle(
      `busy-${count}`,
      images.map((image) => dueOf(image)!),
      new Date(),
    );
    expect(units).toEqual({ read: 1, write: wanted });
  },
);

test.each([
  [1, 11],
  [3, 17],
])(
  "%d due gifts take one transaction, also after other writes to the host's wallet",
  async (count, write) => {
    const host = `popular-${count}`;
    const { streamId, typeId } = await prepare(host, [`fan-${count}`]);
    const booking = { userId: host, amount: 5, reference: "elsewhere", now: new Date() };
    await topUp(booking, forget);
    const images: Record<string, unknown>[] = [];
    for (let n = 0; n < count; n++)
      images.push(await imageOf(streamId, await send(streamId, `fan-${count}`, typeId, `at-${n}`)));
    units = { read: 0, write: 0 };
    transactions = 0;
    const due = images.map((image) => dueOf(image)!);
    await settle(host, due, new Date());
    // A read unit has a fifth of a write unit's price; one of these cancelled is 10 or 14 of them.
    expect({ ...units, transactions }).toEqual({ read: 1, write, transactions: 1 });
  },
);

test("the list of gift types is read again after a change, and otherwise costs half a unit", async () => {
  const type = giftTypeOf(10);
  await recordGiftType(type, forget(undefined));
  const list = async () => {
    units = { read: 0, write: 0 };
    const types = await listGiftTypes(new Date());
    return types.find(({ id }) => id === type.id);
  };
  expect(await list()).toMatchObject({ creditAmount: 10 });
  const whole = units.read;
  expect(await list()).toMatchObject({ creditAmount: 10 });
  expect(units).toEqual({ read: 0.5, write: 0 });
  expect(whole).toBeGreaterThan(units.read);
  await changeStoredGiftType(type.id, (was) => ({ ...was, creditAmount: 25 }));
  expect(await list()).toMatchObject({ creditAmount: 25 });
  const gone = { isActive: false, deletedAt: new Date().toISOString() };
  await changeStoredGiftType(type.id, (was) => ({ ...was, ...gone }));
  expect(await list()).toBeUndefined();
});

test("a gift of users with external pictures and ids of 36 characters is at most a kilobyte", async () => {
  const [hostId, senderId] = [randomUUID(), randomUUID()];
  const { streamId, typeId } = await prepare(hostId, [senderId]);
  const image = await imageOf(streamId, await send(streamId, senderId, typeId, "second"));
  expect(Gift.parse(image)).toMatchObject({ combo: 2, count: 1, charged: true, hostId });
  const usual = {
    username: "u".repeat(16),
    name: "Ayşe Nur",
    surname: "Yılmazoğlu",
    picture: `https://lh3.googleusercontent.com/a/${"p".repeat(70)}=s96-c`,
  };
  const full = {
    ...image,
    sender: { ...image.sender, ...usual },
    receivers: [{ ...image.receivers[0], ...usual }],
    giftType: { ...image.giftType, svgUrl: `https://assets.example.com/${"g".repeat(90)}.svg` },
  };
  const options = { removeUndefinedValues: true };
  const bytes = countItemBytes(marshall(full, options) as unknown as Attributes);
  expect(bytes).toBeLessThanOrEqual(1024);
});
