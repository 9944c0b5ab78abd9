import { beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Liker } from "../../domain/audience/likes.ts";
import { handler as leaderboard } from "../../functions/money/gifts/leaderboard.ts";
import { findLikers, noteLikers } from "../../platform/store/audience/log-state.ts";
import { readLeaders } from "../../platform/store/money/leaderboards.ts";
import { updateItem, writeItems } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { unlessReadOnly } from "../../platform/table/layout.ts";
import { makeReadOnly, makeWritable } from "../../platform/table/read-only.ts";
import { table, tableName, useTable } from "../../platform/table/table.ts";
import { callEndpoint } from "./api-call.ts";
import { setClock } from "./clock.ts";
import { meterKeys } from "./key-meter.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

useOwnTable();

const now = new Date();
const many = 1_500;
const fanAt = (n: number) => `fan-${String(n).padStart(4, "0")}`;
let streamId: string;
beforeEach(async () => {
  // The endpoint's count is as old as the one here.
  setClock(now.getTime());
  ({ id: streamId } = await makeStream(await makeUser(someone("host"))));
});

const writeFans = (count: number) =>
  writeItems(
    Array.from({ length: count }, (_, n) => ({
      ...key.fan(streamId, fanAt(n)),
      gifts: 1,
      count: 1,
      credits: n + 1,
    })),
  );
const change = (n: number, gifts: number, credits: number) =>
  updateItem({
    Key: key.fan(streamId, fanAt(n)),
    UpdateExpression: "SET gifts = :gifts, credits = :credits",
    ExpressionAttributeValues: { ":gifts": gifts, ":credits": credits },
  });
const first = async (at: Date) => (await readLeaders(streamId, at)).top[0];
const later = (milliseconds: number) => new Date(now.getTime() + milliseconds);

test("a short leaderboard is current", async () => {
  await writeFans(30);
  expect(await first(now)).toEqual({ userId: fanAt(29), credits: 30, count: 1 });
  await change(29, 0, 0);
  expect(await first(now)).toMatchObject({ userId: fanAt(28) });
});

test("a long one is counted once in five seconds for all callers, and not from the stream's key", async () => {
  await writeFans(many);
  await readLeaders(streamId, now);
  const { body } = await callEndpoint(leaderboard, {
    as: "ann",
    path: { streamId },
    query: { limit: "100" },
  });
  expect(body.data).toMatchObject({ 0: { rank: 1, credits: many }, 99: { credits: many - 99 } });
  const units = meterKeys();
  await Promise.all(Array.from({ length: 20 }, () => readLeaders(streamId, now)));
  expect(units.get(key.stream(streamId).PK)).toBeUndefined();
  const before = units.get(key.stream(streamId).PK) ?? 0;
  await change(many - 1, 0, 0);
  expect(await first(later(4_999))).toMatchObject({ userId: fanAt(many - 1) });
  await Promise.all(Array.from({ length: 10 }, () => readLeaders(streamId, later(5_000))));
  const counting = (units.get(key.stream(streamId).PK) ?? 0) - before;
  expect(counting).toBeGreaterThan(10);
  expect(counting).toBeLessThan(40);
  expect(await readLeaders(streamId, later(5_001))).toMatchObject({
    senders: many - 1,
    top: { 0: { userId: fanAt(many - 2) }, length: 100 },
  });
});

test("one that became short again is current", async () => {
  await writeFans(1_001);
  await readLeaders(streamId, now);
  for (const n of [1_000, 999]) await change(n, 0, 0);
  for (const at of [5_000, 5_001, 20_000, 20_001])
    expect(await first(later(at))).toMatchObject({ userId: fanAt(998) });
});

test("a long one is counted by each reader while the table is read-only", async () => {
  await writeFans(many);
  await readLeaders(streamId, now);
  const place = { client: table(), tableName: tableName() };
  useTable(unlessReadOnly(place.client, tableName));
  await makeReadOnly(place, now);
  try {
    expect(await first(later(60_000))).toMatchObject({ userId: fanAt(many - 1) });
  } finally {
    await makeWritable(place);
    useTable(place.client);
  }
});

test("the top list of likes is the same after merges in any order, however often repeated", async () => {
  const liker = fc.record({ userId: fc.constantFrom("a", "b", "c", "d"), likes: fc.nat(9) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(liker, { maxLength: 4 }), { maxLength: 5 }), async (all) => {
      const id = someone("stream");
      const dated = (batch: (typeof all)[number]): Liker[] =>
        batch.map((one) => ({ ...one, at: `2026-01-0${one.likes}T00:00:00.000Z` }));
      const batches = all.map(dated);
      await Promise.all([...batches, ...[...batches].reverse()].map((one) => noteLikers(id, one)));
      const best = new Map<string, number>();
      for (const { userId, likes } of batches.flat())
        best.set(userId, Math.max(likes, best.get(userId) ?? 0));
      const found = (await findLikers(id)).map(({ userId, likes }) => [userId, likes] as const);
      expect(new Map(found)).toEqual(best);
      expect(found.map(([, likes]) => likes)).toEqual([...best.values()].sort((a, b) => b - a));
    }),
    { numRuns: 20 },
  );
});
