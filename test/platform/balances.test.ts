/** What a wallet shows while gifts are settled: each credit in one of its two sums. */
import { collectOwnData } from "../../platform/own-data/export.ts";
import { readBalances } from "../../platform/store/money/balances.ts";
import { dueOf, settle } from "../../platform/store/money/settle.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { useOwnTable } from "./table.ts";
import { giftTypeOf, makeStream, makeUser, readGift, sendOne, someone } from "./wallet-people.ts";

useOwnTable();

/** A host with so many gifts of 10 that are due; `settleOne` settles the oldest that still is. */
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

/** Does something before each of the reads of these numbers, while another thing is done. */
async function between<A>(reads: number[], meanwhile: () => Promise<void>, act: () => Promise<A>) {
  const client = table();
  let count = 0;
  const send = async (command: object) => {
    if (reads.includes(++count)) {
      useTable(client);
      await meanwhile();
      useTable(watched);
    }
    return client.send(command as never);
  };
  const watched = { send } as unknown as typeof client;
  useTable(watched);
  try {
    return await act();
  } finally {
    useTable(client);
  }
}

test.each([1, 2, 3, 4, 5])("a gift that is settled before read %i is shown once", async (read) => {
  const { host, settleOne } = await hostWith(2);
  const { balance, pending } = await between([read], settleOne, () => readBalances(host));
  expect(balance + pending).toBe(20);
});

test("gifts that are settled between all of its reads are never in neither", async () => {
  const { host, settleOne } = await hostWith(40);
  const reads = Array.from({ length: 40 }, (_, n) => n + 1);
  const { balance, pending } = await between(reads, settleOne, () => readBalances(host));
  expect(balance + pending).toBeGreaterThanOrEqual(400);
  expect(balance + pending).toBeLessThanOrEqual(410);
});

test.each([1, 2, 3, 4, 5, 6])("a copy of one's data shows it once, too (read %i)", async (read) => {
  const { host, settleOne } = await hostWith(2);
  const { wallet } = await between([read], settleOne, () => collectOwnData(host, new Date()));
  expect(wallet.balance + wallet.pending).toBe(20);
});
