/** What a wallet shows while gifts are settled: each credit is in exactly one of its two sums. */
import { collectOwnData } from "../../platform/own-data/export.ts";
import { readBalances } from "../../platform/store/money/balances.ts";
import { dueOf } from "../../platform/store/money/due.ts";
import { settle } from "../../platform/store/money/settle.ts";
import { between } from "./interleaving.ts";
import { useOwnTable } from "./table.ts";
import { giftTypeOf, makeStream, makeUser, readGift, sendOne, someone } from "./wallet-people.ts";

useOwnTable();

/** A host with `gifts` due gifts of 10; `settleOne` settles the oldest due one. */
async function hostWith(gifts: number) {
  const [sender, host] = [
    await makeUser(someone("sender"), 1_000),
    await makeUser(someone("host")),
  ];
  const stream = await makeStream(host);
  const waiting: string[] = [];
  for (let n = 0; n < gifts; n++) waiting.push(await sendOne(stream, sender, giftTypeOf(10)));
  const settleOne = async () => {
    const id = waiting.shift();
    if (id !== undefined) await settle(host, [dueOf(await readGift(stream.id, id))!], new Date());
  };
  return { host, settleOne };
}

test.each([1, 2, 3, 4, 5])("a gift that is settled before read %i is shown once", async (read) => {
  const { host, settleOne } = await hostWith(2);
  const { answer } = await between([read], settleOne, () => readBalances(host));
  expect(answer.balance + answer.pending).toBe(20);
});

test("a gift settled between the reads is in the balance, in the pending credits, or in both", async () => {
  const { host, settleOne } = await hostWith(40);
  const reads = Array.from({ length: 40 }, (_, n) => n + 1);
  const { answer } = await between(reads, settleOne, () => readBalances(host));
  expect(answer.balance + answer.pending).toBeGreaterThanOrEqual(400);
  expect(answer.balance + answer.pending).toBeLessThanOrEqual(410);
});

test.each([1, 2, 3, 4, 5, 6])("a data export shows it once, too (read %i)", async (read) => {
  const { host, settleOne } = await hostWith(2);
  const { answer } = await between([read], settleOne, () => collectOwnData(host, new Date()));
  const { wallet } = answer;
  expect(wallet.balance + wallet.pending).toBe(20);
});
