import { DeleteCommand, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { handler as list } from "../../functions/money/operations/list-parked.ts";
import { handler as redrive } from "../../functions/money/operations/redrive-parked.ts";
import { settleAll } from "../../platform/store/money/settle.ts";
import { findTotals } from "../../platform/store/money/totals.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { recordCall } from "../api/recorder.ts";
import { callEndpoint } from "./api-call.ts";
import { useOwnTable } from "./table.ts";
import { giftTypeOf, makeStream, makeUser, readGift, sendOne, someone } from "./wallet-people.ts";

useOwnTable();

const dayMilliseconds = 24 * 3600 * 1000;
const put = (Item: Record<string, unknown>) =>
  table().send(new PutCommand({ TableName: tableName(), Item }));
const daysAgo = (days: number) => new Date(Date.now() - days * dayMilliseconds);

const boss = { as: "boss", roles: ["admin"] } as const;
/** What is parked is broken by hand, so the description has its example from here. */
async function redriveOne(id: string) {
  const { status, body } = await callEndpoint(redrive, { ...boss, path: { id } });
  const path = `/api/v1/operations/parked/${id}/redrive`;
  recordCall({ method: "POST", path, status, answer: body });
  return { status, body };
}

type Row = { id: string; giftId: string; streamId: string; reason: string; parkedAt: string };
type Page = { list: Row[]; pageInfo: { nextCursor: string | null; hasNextPage: boolean } };

async function page(query: Record<string, string> = {}): Promise<Page> {
  const { status, body } = await callEndpoint(list, { ...boss, query });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body.data as Page;
}

/** What is parked of a stream. */
const parkedOf = async (streamId: string) =>
  (await page({ limit: "100" })).list.filter((row) => row.streamId === streamId);

/** A gift of ten credits parked on some days, and its fix. */
async function parkOne(...days: number[]) {
  const [sender, host] = [await makeUser(someone("sender"), 100), someone("host")];
  const stream = await makeStream(host);
  const giftId = await sendOne(stream, sender, giftTypeOf(10));
  const whole = await readGift(stream.id, giftId);
  const broken = { ...whole, price: "ten" };
  await put(broken);
  for (const day of days) await settleAll([broken], daysAgo(day));
  return { host, streamId: stream.id, giftId, fix: () => put(whole) };
}

test("a parked record is listed with its known fields, and its reason in words", async () => {
  const { host, streamId, giftId } = await parkOne(0);
  const [row] = await parkedOf(streamId);
  expect(row).toMatchObject({ kind: "gift", streamId, giftId, receiverId: host, credits: 10 });
  expect(row!.reason).toMatch(/^price: .*number/);
});

test("a parked copy has no names and no texts: only the original item keeps them", async () => {
  const { host, streamId, giftId } = await parkOne(0);
  const names = key.parked(new Date().toISOString().slice(0, 10), "");
  const { Items = [] } = await table().send(
    new QueryCommand({
      TableName: tableName(),
      KeyConditionExpression: "PK = :day",
      ExpressionAttributeValues: { ":day": names.PK },
    }),
  );
  const parked = Items.find(({ of }) => of.PK.includes(streamId) && of.SK.includes(giftId));
  expect(parked!.image).toEqual({ kind: "gift", due: host, dueCredits: 10 });
  // The gift itself has them, as long as its people are there.
  const { sender } = await readGift(streamId, giftId);
  const { username } = sender as { username: string };
  expect(username.length).toBeGreaterThan(3);
  expect(JSON.stringify(parked)).not.toContain(username);
});

test("pages go from the newest day to the oldest kept one, each record once", async () => {
  const days = [0, 1, 1, 20, 47, 89];
  const parked: string[] = [];
  for (const day of days) parked.push((await parkOne(day)).streamId);
  const seen: Row[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const { list: rows, pageInfo } = await page({ limit: "2", ...(after && { after }) });
    expect(rows.length).toBeLessThanOrEqual(2);
    expect(pageInfo.hasNextPage).toBe(pageInfo.nextCursor !== null);
    seen.push(...rows);
    after = pageInfo.nextCursor;
  }
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
  const own = seen.filter(({ streamId }) => parked.includes(streamId));
  expect(own).toHaveLength(days.length);
  const dates = own.map(({ parkedAt }) => parkedAt.slice(0, 10));
  expect(dates).toEqual([...dates].sort().reverse());
});

test("redriving a fixed record credits the receiver and removes it from every day", async () => {
  const { host, streamId, fix } = await parkOne(2, 1, 0);
  const rows = await parkedOf(streamId);
  expect(rows).toHaveLength(3);
  await fix();
  const { status, body } = await redriveOne(rows[2]!.id);
  expect([status, body.data]).toEqual([200, { id: rows[2]!.id, outcome: "settled" }]);
  expect(await findWallet(host)).toMatchObject({ balance: 10, seq: 1 });
  expect(await parkedOf(streamId)).toEqual([]);
  expect(await redriveOne(rows[0]!.id)).toMatchObject({ status: 404 });
});

test("a record that still fails stays parked, with its reason", async () => {
  const { host, streamId } = await parkOne(1);
  const [row] = await parkedOf(streamId);
  const { status, body } = await redriveOne(row!.id);
  expect(status).toBe(409);
  expect((body.errors as string[])[1]).toMatch(/still cannot be processed: price: /);
  expect(await parkedOf(streamId)).toEqual([row]);
  expect(await findWallet(host)).toMatchObject({ balance: 0 });
});

test("many concurrent redrives credit once", async () => {
  const { host, streamId, fix } = await parkOne(0);
  const [row] = await parkedOf(streamId);
  await fix();
  const answers = await Promise.all(Array.from({ length: 8 }, () => redriveOne(row!.id)));
  const statuses = answers.map(({ status }) => status);
  expect(statuses).toContain(200);
  expect(statuses.filter((status) => status !== 200 && status !== 404)).toEqual([]);
  expect(await findWallet(host)).toMatchObject({ balance: 10, seq: 1 });
  expect(await findTotals(streamId)).toMatchObject({ gifts: 1, credits: 10 });
});

test("a record settled meanwhile, or of a deleted gift, is only removed from the list", async () => {
  const { host, streamId, giftId, fix } = await parkOne(0);
  const [row] = await parkedOf(streamId);
  await fix();
  await settleAll([await readGift(streamId, giftId)], new Date());
  expect((await redriveOne(row!.id)).body.data).toMatchObject({ outcome: "settled_before" });
  expect(await findWallet(host)).toMatchObject({ balance: 10, seq: 1 });
  const gone = await parkOne(0);
  const [other] = await parkedOf(gone.streamId);
  await table().send(
    new DeleteCommand({ TableName: tableName(), Key: key.gift(gone.streamId, gone.giftId) }),
  );
  expect((await redriveOne(other!.id)).body.data).toMatchObject({ outcome: "gone" });
  expect(await parkedOf(gone.streamId)).toEqual([]);
});

test("ids of no record are 404, whatever they decode to", async () => {
  for (const text of ["", "2026-01-15 ", "2026-01-15 STREAM#a GIFT#b", "LAYOUT LAYOUT", "ÿ"])
    expect(await redriveOne(`${Buffer.from(text).toString("base64url")}A`)).toMatchObject({
      status: 404,
    });
});
