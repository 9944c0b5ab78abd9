import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { handler as endCombos } from "../../functions/money/end-combos.ts";
import { handler as sweep } from "../../functions/money/sweep.ts";
import { endCombo } from "../../platform/store/money/combos.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { received, useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { giftTypeOf, makeStream, makeUser, readGift, sendOne, someone } from "./wallet-people.ts";

/*
 * The end of a combo, where the record that asks for it was lost and where it cannot be written.
 */

useOwnTable();
const queue = useQueue("COMBOS_QUEUE_URL");

const minuteAgo = new Date(Date.now() - 60_000);

/** A combo of `gifts` gifts a minute ago. */
async function giveRow(gifts: number) {
  const [sender, host] = [await makeUser(someone("sender"), 1000), someone("host")];
  const stream = await makeStream(host);
  const type = giftTypeOf(10);
  const ids: string[] = [];
  for (let n = 0; n < gifts; n++) ids.push(await sendOne(stream, sender, type, { now: minuteAgo }));
  const first = { comboId: ids[0]!, streamId: stream.id, userId: sender };
  return { sender, host, streamId: stream.id, first, ended: () => endOf(stream.id, ids[0]!) };
}

const endOf = async (streamId: string, id: string) => (await readGift(streamId, id)).comboEnded;

test("a combo whose record was lost still ends: the sweep queues its end", async () => {
  const { host, ended } = await giveRow(3);
  await sweep({});
  expect(await findWallet(host)).toMatchObject({ balance: 30 });
  const asked = queue.take();
  expect(asked).toHaveLength(1);
  expect(await endCombos({ Records: asked })).toEqual({ batchItemFailures: [] });
  expect(await ended()).toMatchObject({ count: 3, credits: 30 });
});

test("a sweep queues the ends of combos before it settles, so that a crash loses none", async () => {
  const { host, sender, ended } = await giveRow(2);
  // The host's ledger is broken: nothing of theirs can be settled.
  const Item = { ...key.entry(host, 1), userId: host };
  await table().send(new PutCommand({ TableName: tableName(), Item }));
  await sweep({});
  await endCombos({ Records: queue.take() });
  expect(await ended()).toMatchObject({ count: 2, credits: 20 });
  expect((await findWallet(sender)).combos).toEqual([]);
});

test("a combo that continues is not ended: its end is queued again", async () => {
  const { sender, first, ended } = await giveRow(2);
  queue.take();
  await endCombo(first, new Date(minuteAgo.getTime() + 5_000));
  expect(await ended()).toBeUndefined();
  expect((await findWallet(sender)).combos).toMatchObject([{ id: first.comboId, count: 2 }]);
  const asked = queue.take();
  expect(asked.map(({ body }) => JSON.parse(body))).toEqual([first]);
  await endCombos({ Records: asked });
  expect(await ended()).toMatchObject({ count: 2, credits: 20 });
});

test("an end that cannot be written is reported, so that it alone is redelivered", async () => {
  const [broken, whole] = [await giveRow(2), await giveRow(2)];
  const wallet = await findWallet(broken.sender);
  const put = (Item: Record<string, unknown>) =>
    table().send(new PutCommand({ TableName: tableName(), Item }));
  await put({ ...key.wallet(broken.sender), ...wallet, balance: "much" });
  const records = [
    received("unreadable", "no moment"),
    received("broken", JSON.stringify(broken.first)),
    received("whole", JSON.stringify(whole.first)),
  ];
  const { batchItemFailures } = await endCombos({ Records: records });
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
    "unreadable",
    "broken",
  ]);
  expect(await whole.ended()).toMatchObject({ count: 2 });
  expect(await broken.ended()).toBeUndefined();
  await put({ ...key.wallet(broken.sender), ...wallet });
  expect(await endCombos({ Records: records.slice(1, 2) })).toEqual({ batchItemFailures: [] });
  expect(await broken.ended()).toMatchObject({ count: 2 });
});
