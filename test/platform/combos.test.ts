import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import { keptMax } from "../../domain/money/combo.ts";
import type { GiftType } from "../../domain/money/gift-type.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { endCombo } from "../../platform/store/money/combos.ts";
import { newGiftId } from "../../platform/store/money/gifts.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { intercept } from "./intercept.ts";
import { atEachRequest } from "./interleaving.ts";
import { useOwnTable } from "./table.ts";
import { giftOf, giftTypeOf, makeStream, makeUser, sendOne, someone } from "./wallet-people.ts";

useOwnTable();

/** Gifts at these seconds after a fixed time; answers their ids. */
async function sendAt(stream: Stream, sender: string, type: GiftType, seconds: number[]) {
  const ids: string[] = [];
  for (const second of seconds) ids.push(await sendOne(stream, sender, type, { now: at(second) }));
  return ids;
}

const start = Date.parse("2026-05-01T12:00:00.000Z");
const at = (seconds: number) => new Date(start + seconds * 1000);

async function prepare() {
  const sender = await makeUser(someone("sender"), 10_000);
  const stream = await makeStream(someone("host"));
  return { sender, stream, type: giftTypeOf(10) };
}

test("gifts within 5 s form a combo, later ones start another, each gift type has its own", async () => {
  const { sender, stream, type } = await prepare();
  const other = giftTypeOf(3);
  const counts: [number, string][] = [];
  const send = async (giftType: GiftType, second: number) => {
    const [id] = await sendAt(stream, sender, giftType, [second]);
    const { combo, comboId } = await giftOf(stream.id, id!);
    counts.push([combo, comboId]);
  };
  await send(type, 0);
  await send(other, 1);
  await send(type, 5);
  await send(type, 10);
  await send(type, 15.1);
  expect(counts.map(([combo]) => combo)).toEqual([1, 1, 2, 3, 1]);
  expect(new Set(counts.map(([, id]) => id)).size).toBe(3);
});

test("concurrent gifts of a combo get every number once", async () => {
  const { sender, stream, type } = await prepare();
  const sends = Array.from({ length: 12 }, () => sendOne(stream, sender, type, { now: at(0) }));
  const gifts = await Promise.all((await Promise.all(sends)).map((id) => giftOf(stream.id, id)));
  const numbers = gifts.map(({ combo }) => combo).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
  expect(new Set(gifts.map(({ comboId }) => comboId)).size).toBe(1);
});

test("an ended combo is marked once on its first gift, and the next gift begins another", async () => {
  const { sender, stream, type } = await prepare();
  const [first] = await sendAt(stream, sender, type, [0, 2, 4]);
  const moment = { comboId: first!, streamId: stream.id, userId: sender };
  await Promise.all([endCombo(moment, at(9.5)), endCombo(moment, at(9.5))]);
  await endCombo(moment, at(30));
  const ended = { count: 3, credits: 30, at: at(9).toISOString() };
  expect(await giftOf(stream.id, first!)).toMatchObject({ comboEnded: ended });
  expect((await findWallet(sender)).combos).toEqual([]);
  // A call that was in progress when the combo ended starts a new combo.
  const [late] = await sendAt(stream, sender, type, [8.9]);
  expect(await giftOf(stream.id, late!)).toMatchObject({ combo: 1, comboId: late });
});

test.each(["a gift while the combo ends", "the end while a gift is sent"])(
  "%s, at any moment: both agree on the count",
  (order) =>
    atEachRequest(async () => {
      const { sender, stream, type } = await prepare();
      const [first] = await sendAt(stream, sender, type, [0, 1]);
      const moment = { comboId: first!, streamId: stream.id, userId: sender };
      let id = "";
      const send = async () => {
        id = await sendOne(stream, sender, type, { now: at(5.9) });
      };
      const end = () => endCombo(moment, at(12));
      const [act, meanwhile] = order.startsWith("the end") ? [end, send] : [send, end];
      return {
        act,
        meanwhile,
        async check() {
          const { comboEnded } = await giftOf(stream.id, first!);
          const { combo } = await giftOf(stream.id, id);
          expect(comboEnded).toMatchObject({ count: combo === 1 ? 2 : 3 });
        },
      };
    }),
);

test.each(["another message", "a row of other combos that replaces it in the wallet"])(
  "a combo ends without a fault if %s comes in between, at any moment",
  (other) =>
    atEachRequest(async () => {
      const { sender, stream, type } = await prepare();
      const [first = ""] = await sendAt(stream, sender, type, [0, 1]);
      const moment = { comboId: first, streamId: stream.id, userId: sender };
      const end = () => endCombo(moment, at(12));
      const fillWallet = async () => {
        for (let n = 0; n < keptMax; n++) await sendAt(stream, sender, giftTypeOf(1), [11]);
      };
      return {
        act: end,
        meanwhile: other === "another message" ? end : fillWallet,
        async check() {
          expect(await giftOf(stream.id, first)).toMatchObject({ comboEnded: { count: 2 } });
        },
      };
    }),
);

/** Superlikes of others at a second, as items that reconstructing a combo reads. */
async function fill(stream: Stream, second: number, count: number) {
  const createdAt = at(second).toISOString();
  const puts = Array.from({ length: count }, () => {
    const id = newGiftId(stream.id, at(second));
    return { PutRequest: { Item: { ...key.gift(stream.id, id), kind: "superlike", createdAt } } };
  });
  for (let from = 0; from < count; from += 25) {
    const RequestItems = { [tableName()]: puts.slice(from, from + 25) };
    await table().send(new BatchWriteCommand({ RequestItems }));
  }
}

test("a combo in a busy stream that the wallet no longer keeps ends with all its gifts", async () => {
  const { sender, stream, type } = await prepare();
  const [first = ""] = await sendAt(stream, sender, type, [0]);
  await fill(stream, 1, 5_100);
  await sendAt(stream, sender, type, [4]);
  for (let n = 0; n < keptMax; n++) await sendAt(stream, sender, giftTypeOf(1), [5]);
  await endCombo({ comboId: first, streamId: stream.id, userId: sender }, at(20));
  expect(await giftOf(stream.id, first)).toMatchObject({
    comboEnded: { count: 2, credits: 20 },
  });
});

test("looking for a combo of which no gift is left does not read its whole stream", async () => {
  const { sender, stream } = await prepare();
  await fill(stream, 600, 1_000);
  let queries = 0;
  const restore = intercept(({ name }, next) => {
    if (name === "QueryCommand") queries += 1;
    return next();
  });
  const comboId = newGiftId(stream.id, at(0));
  await endCombo({ comboId, streamId: stream.id, userId: sender }, at(900)).finally(restore);
  expect(queries).toBe(1);
});

test("a combo that the wallet no longer keeps is reconstructed from its gifts", async () => {
  const { sender, stream, type } = await prepare();
  const [first] = await sendAt(stream, sender, type, [0, 2, 4]);
  for (let n = 0; n < keptMax; n++) await sendAt(stream, sender, giftTypeOf(1), [5]);
  const { combos } = await findWallet(sender);
  expect(combos).toHaveLength(keptMax);
  expect(combos?.map(({ id }) => id)).not.toContain(first);
  await endCombo({ comboId: first!, streamId: stream.id, userId: sender }, at(20));
  expect(await giftOf(stream.id, first!)).toMatchObject({
    comboEnded: { count: 3, credits: 30 },
  });
});

test("a combo is reconstructed whole if its gifts were not recorded in the order of their times", async () => {
  const { sender, stream, type } = await prepare();
  const [first] = await sendAt(stream, sender, type, [0, 0.5, 0.2, -8]);
  for (let n = 0; n < keptMax; n++) await sendAt(stream, sender, giftTypeOf(1), [1]);
  await endCombo({ comboId: first!, streamId: stream.id, userId: sender }, at(20));
  expect(await giftOf(stream.id, first!)).toMatchObject({
    comboEnded: { count: 4, credits: 40, at: at(5.5).toISOString() },
  });
});
