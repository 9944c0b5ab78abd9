import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import fc from "fast-check";
import { type Entry, EntryType, entriesOf, itemsOf } from "../../domain/money/ledger.ts";
import { TransactionQuery } from "../../domain/money/transaction-query.ts";
import type { Attributes } from "../../local/aws/dynamodb-access.ts";
import { countItemBytes } from "../../local/engine/values.ts";
import { newId } from "../../platform/runtime/id.ts";
import { dueOf } from "../../platform/store/money/due.ts";
import { chain, entryActions, hashOf, listEntries } from "../../platform/store/money/ledger.ts";
import { settle } from "../../platform/store/money/settle.ts";
import {
  listTransactions,
  listWalletTransactions,
} from "../../platform/store/money/transactions.ts";
import { topUp } from "../../platform/store/money/wallet-operations.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { updateItem, writeItems } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { meterTable } from "./call-meter.ts";
import { useOwnTable } from "./table.ts";
import { forget, giftTypeOf, makeStream, makeUser, readGift, sendOne } from "./wallet-people.ts";

useOwnTable();

const at = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString();
const orNull = (...texts: string[]) => fc.constantFrom(null, ...texts);

/** A movement in which each field is often that of the one before it, and often is not. */
const movement = fc.record({
  type: fc.constantFrom(...EntryType.options),
  amount: fc.constantFrom(1, 10, 10_000),
  counterpart: orNull("ann", "bob"),
  streamId: orNull("s1", "s2"),
  giftId: orNull("g1", "g2"),
  reference: orNull("order-1"),
  occurredAt: fc.constantFrom(at(1), at(2)),
});

const entriesFrom = (seq: number, movements: Omit<Entry, "userId" | "seq" | "balanceAfter">[]) => {
  let balanceAfter = 5;
  return movements.map((told, n): Entry => {
    balanceAfter += told.amount;
    return { userId: "host", seq: seq + n, ...told, balanceAfter };
  });
};

test("entries read from their items keep their chain", () => {
  fc.assert(
    fc.property(fc.nat(100), fc.array(movement, { minLength: 1, maxLength: 20 }), (seq, some) => {
      const { chained } = chain("before", entriesFrom(seq + 1, some));
      const items = itemsOf(chained);
      expect(items.flatMap((item) => entriesOf(item, hashOf))).toEqual(chained);
      expect(items).toHaveLength(Math.ceil(some.length / 8));
    }),
  );
});

test("eight gifts settled together fit a kilobyte, for users with ids of 36 characters", () => {
  const facts = { type: "gift_revenue", streamId: newId(new Date()), reference: null } as const;
  const movements = Array.from({ length: 8 }, (_, n) => ({
    ...facts,
    amount: 1_000_000 + n,
    counterpart: `${n}`.padEnd(36, "u"),
    giftId: newId(new Date()),
    occurredAt: at(1),
  }));
  const entries = entriesFrom(1_000_000, movements).map((entry) => ({
    ...entry,
    userId: "h".repeat(36),
  }));
  const [action, ...others] = entryActions(chain("x".repeat(43), entries).chained);
  expect(others).toEqual([]);
  const image = marshall(action!.Put!.Item) as unknown as Attributes;
  expect(countItemBytes(image)).toBeLessThanOrEqual(1024);
});

/** A host with one entry, then twenty in three items, then one again. */
async function settled(host: string) {
  await makeUser(host, 7);
  const sender = await makeUser(`${host}-fan`, 1000);
  const stream = await makeStream(host);
  for (const count of [20, 1]) {
    const ids: string[] = [];
    for (let n = 0; n < count; n++)
      ids.push(await sendOne(stream, sender, giftTypeOf(1 + (ids.length % 2))));
    const due = await Promise.all(ids.map(async (id) => dueOf(await readGift(stream.id, id))!));
    await settle(host, due, new Date());
  }
}

test("every page of a wallet's transactions is complete, wherever its items begin", async () => {
  await settled("paged");
  const all = await listEntries("paged", 1, 1000);
  expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 22 }, (_, n) => n + 1));
  const { head, balance } = await findWallet("paged");
  expect([hashOf(all[21]!), all[21]!.balanceAfter]).toEqual([head, balance]);
  const kept = async (seq: number) => {
    const Key = key.entry("paged", seq);
    return (await table().send(new GetCommand({ TableName: tableName(), Key }))).Item;
  };
  expect((await Promise.all(all.map(({ seq }) => kept(seq)))).filter(Boolean)).toHaveLength(5);

  for (const sort of ["asc", "desc"] as const)
    for (const limit of [1, 3, 8, 20]) {
      const amounts: number[] = [];
      for (let page = 1; page <= Math.ceil(22 / limit); page++) {
        const query = TransactionQuery.parse({ page: `${page}`, limit: `${limit}`, sort });
        const { list, pagination } = await listTransactions("paged", query);
        expect(pagination).toMatchObject({ totalItems: 22 });
        amounts.push(...list.map(({ balanceAfter }) => balanceAfter));
      }
      const wanted = all.map(({ balanceAfter }) => balanceAfter);
      expect(amounts).toEqual(sort === "asc" ? wanted : wanted.reverse());
    }
});

test("a range that begins and ends within items has only its own entries", async () => {
  await settled("ranged");
  const numbers = async (low: number, high: number) =>
    (await listEntries("ranged", low, high)).map(({ seq }) => seq);
  expect(await numbers(9, 11)).toEqual([9, 10, 11]);
  expect(await numbers(10, 10)).toEqual([10]);
  expect(await numbers(17, 22)).toEqual([17, 18, 19, 20, 21, 22]);
  expect(await numbers(23, 22)).toEqual([]);
});

const book = (userId: string, n: number) =>
  topUp({ userId, amount: n, reference: `order-${n}`, now: new Date(at(n)) }, forget);

/** Adds entries of gifts to a ledger, eight a second from the second `from` on. */
async function earn(userId: string, count: number, from: number) {
  const { seq, head, balance } = await findWallet(userId);
  const entries = Array.from({ length: count }, (_, n) => ({
    userId,
    seq: seq + n + 1,
    type: "gift_revenue" as const,
    amount: 1,
    balanceAfter: balance + n + 1,
    counterpart: "ann",
    streamId: "s1",
    giftId: "g1",
    reference: null,
    occurredAt: at(from + Math.floor(n / 8)),
  }));
  const { chained, head: newest } = chain(head, entries);
  await writeItems(itemsOf(chained).map((item) => ({ ...key.entry(userId, item.seq), ...item })));
  await updateItem({
    Key: key.wallet(userId),
    UpdateExpression: "SET seq = :seq, head = :head, balance = :balance",
    ExpressionAttributeValues: {
      ":seq": seq + count,
      ":head": newest,
      ":balance": balance + count,
    },
  });
}

test("an old booking of a busy wallet is found by its reference in a few steps", async () => {
  await makeUser("busy");
  await book("busy", 1);
  await earn("busy", 3_000, 2);
  await book("busy", 400);
  await earn("busy", 5_000, 401);
  const meter = meterTable();
  for (const n of [1, 400]) {
    const spent = await meter(async () => {
      const query = { limit: 20, reference: `order-${n}` };
      const { list } = await listWalletTransactions("busy", query);
      expect(list).toMatchObject([{ type: "top_up", amount: n, reference: `order-${n}` }]);
    });
    expect(spent.steps).toBeLessThan(20);
  }
});

test.each([
  ["asc", [1, 2, 400, 401]],
  ["desc", [401, 400, 2, 1]],
])(
  "a filtered list of a busy ledger (%s) is paged by cursors, two thousand entries a page",
  async (sort, wanted) => {
    const userId = await makeUser(`filtered-${sort}`);
    for (const n of [1, 2]) await book(userId, n);
    await earn(userId, 2_500, 3);
    for (const n of [400, 401]) await book(userId, n);
    await earn(userId, 1_200, 402);
    const [meter, amounts] = [meterTable(), [] as number[]];
    let after: string | undefined;
    for (let page = 1; page <= 8 && (page === 1 || after !== undefined); page++) {
      const query = TransactionQuery.parse({ types: "top_up", limit: "1", sort, after });
      const spent = await meter(async () => {
        const { list, pageInfo } = await listTransactions(userId, query);
        amounts.push(...list.map(({ amount }) => amount));
        expect(pageInfo.hasNextPage).toBe(pageInfo.nextCursor !== null);
        after = pageInfo.nextCursor ?? undefined;
      });
      expect(spent.read).toBeLessThan(600);
    }
    expect(amounts).toEqual(wanted);
    expect(after).toBeUndefined();
  },
);

test("a filter finds an old entry on the first page, and says by number if it has not read all", async () => {
  const userId = await makeUser("numbered");
  await book(userId, 1);
  await earn(userId, 1_033, 2);
  const read = async (page: number, after?: string) => {
    const about = after === undefined ? { page: String(page) } : { after };
    const query = TransactionQuery.parse({ types: "top_up", ...about });
    const { list, pagination, pageInfo } = await listTransactions(userId, query);
    const { totalItems, hasNextPage } = pagination;
    return { amounts: list.map(({ amount }) => amount), totalItems, hasNextPage, pageInfo };
  };
  expect(await read(1)).toMatchObject({ amounts: [1], totalItems: 1, hasNextPage: false });
  await earn(userId, 2_000, 1_035);
  const first = await read(1);
  // At least one more than a page: what was not searched is no empty rest.
  expect(first).toMatchObject({ amounts: [], totalItems: 21, hasNextPage: true });
  // The pages end, and the cursor leads on.
  expect(await read(2)).toMatchObject({ amounts: [], totalItems: 0, hasNextPage: false });
  const rest = await read(1, first.pageInfo.nextCursor!);
  expect(rest).toMatchObject({ amounts: [1], hasNextPage: false });
});
