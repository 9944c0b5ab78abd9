import { BatchWriteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { handler as readStatistics } from "../../functions/streams/statistics.ts";
import { contract, handler as readViewers } from "../../functions/streams/viewers.ts";
import { unitsOf } from "../../platform/http/contract.ts";
import { createPushCache } from "../../platform/push/push-cache.ts";
import { countViewersNow } from "../../platform/push/viewer-count.ts";
import { getLog, recordViewers } from "../../platform/store/log/logs.ts";
import { listSubscribers } from "../../platform/store/log/subscribers.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { callEndpoint } from "./api-call.ts";
import { setClock } from "./clock.ts";
import { meterKeys } from "./key-meter.ts";
import { setScene } from "./push/scene.ts";
import { useOwnTable } from "./table.ts";
import { makeUser } from "./wallet-people.ts";

/*
 * Who watches a stream lies under one key, which carries 3,000 read units a second, and a reading
 * of 30,000 takes a third of that. So code that many callers reach at once must not read them each
 * time: environments that answer subscribes, and calls of the API. Room and limit are a tenth of
 * that here.
 */

useOwnTable();

const size = 3_000;
const unitsOfAKey = 300;

/** Read units by partition key. */
let spent: Map<string, number>;
const most = () => Math.max(...spent.values());

let scene: Awaited<ReturnType<typeof setScene>>;
const put = (Item: Record<string, unknown>) => ({ PutRequest: { Item } });

/** A current viewer who has also visited before. */
function itemsOf(n: number): Record<string, unknown>[] {
  const { streamId, now } = scene;
  const userId = n.toString(16).padStart(24, "0");
  const connectionId = `Q${n.toString(36).padStart(10, "0")}AEQ=`;
  const expiresAt = Math.floor(now.getTime() / 1000) + 7_200;
  const revision = now.getTime() * 1000 - n;
  return [
    { ...key.subscriber(streamId, connectionId), userId, revision, expiresAt, from: 1 },
    { ...key.visits(streamId, userId), userId, seconds: 60, times: 1 },
  ];
}

beforeAll(async () => {
  scene = await setScene();
  const { streamId, now } = scene;
  const items = Array.from({ length: size }, (_, n) => itemsOf(n)).flat();
  const batches = Array.from({ length: items.length / 25 }, (_, at) =>
    items.slice(at * 25, (at + 1) * 25),
  );
  for (let at = 0; at < batches.length; at += 20)
    await Promise.all(
      batches.slice(at, at + 20).map((batch) => {
        const RequestItems = { [tableName()]: batch.map(put) };
        return table().send(new BatchWriteCommand({ RequestItems }));
      }),
    );
  await getLog(streamId);
  await recordViewers(streamId, size, new Date(now.getTime() - 6_000));
  spent = meterKeys();
});
beforeEach(() => spent.clear());

test("environments that confirm subscriptions concurrently read a large room once for all", async () => {
  const asked: Promise<number>[] = [];
  for (let n = 0; n < 20; n++) {
    asked.push(countViewersNow(scene.audience(createPushCache())));
    // What is asked for in one turn of the loop is read together, in one process.
    await new Promise(setImmediate);
  }
  expect(new Set(await Promise.all(asked))).toEqual(new Set([size]));
  expect(spent.get(key.subscriber(scene.streamId, "").PK)).toBeGreaterThan(size / 60);
  expect(most()).toBeLessThan(unitsOfAKey / 2);
});

test("in a room without counts, the first environment counts for the others", async () => {
  const { streamId } = scene;
  const Item = { ...key.log(streamId), ...(await getLog(streamId)) };
  const { viewers: _, countedAt: __, ...begun } = Item;
  await table().send(new PutCommand({ TableName: tableName(), Item: begun }));
  spent.clear();
  for (let n = 0; n < 5; n++)
    expect(await countViewersNow(scene.audience(createPushCache()))).toBe(size);
  expect(most()).toBeLessThan(unitsOfAKey / 2);
});

test.each([
  ["a room that was large and is now small", -6_000],
  ["a room that was counted before the clock was set back", 3_600_000],
])("%s is counted once for all callers", async (_, counted) => {
  const { streamId } = await setScene();
  const audience = () => ({ ...scene.audience(createPushCache()), streamId });
  for (const name of ["a", "b"]) {
    const Item = { ...itemsOf(1)[0], ...key.subscriber(streamId, name), userId: name };
    await table().send(new PutCommand({ TableName: tableName(), Item }));
  }
  await getLog(streamId);
  await recordViewers(streamId, size, new Date(scene.now.getTime() + counted));
  expect(await countViewersNow(audience())).toBe(2);
  expect(await countViewersNow(audience())).toBe(2);
});

test("a second in which one user calls as fast as they may, and a frame is posted, is below the limit", async () => {
  const { streamId, now } = scene;
  const as = await makeUser("eager");
  const ask = async (handler: unknown) =>
    expect((await callEndpoint(handler, { as, path: { streamId } })).status).toBe(200);
  for (let n = 0; n < 10; n++)
    for (const handler of [readViewers, readStatistics]) await ask(handler);
  expect(await listSubscribers(streamId, now, size)).toHaveLength(size);
  expect(spent.get(key.subscriber(streamId, "").PK)).toBeGreaterThan(size / 30);
  expect(most()).toBeLessThan(unitsOfAKey);
});

test("a user's rate is charged for the viewers that are read for them, not for those in memory", async () => {
  const as = await makeUser("curious");
  // What the test before has read is no longer in memory.
  setClock(Date.now() + 6_000);
  const take = async () => {
    const call = { as, path: { streamId: scene.streamId }, query: { limit: "1" } };
    const { headers } = await callEndpoint(readViewers, call);
    return Number(/r=(\d+)/.exec((headers as { ratelimit: string }).ratelimit)?.[1]);
  };
  const declared = unitsOf(contract.cost);
  const left = await take();
  expect(left).toBe(1_000_000 - declared - 1);
  expect(await take()).toBeGreaterThanOrEqual(left - declared);
});
