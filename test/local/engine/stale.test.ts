import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestEngine } from "./engine.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ovation-test-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("stale reads return past data, consistent reads and writes current data", () => {
  const engine = openTestEngine(join(directory, "engine.sqlite"));
  const { must, put, clock, holdReads, close } = engine;
  const TableName = "things";
  const Key = { pk: { S: "a" }, sk: { S: "1" } };
  const get = (ConsistentRead?: boolean) =>
    (must("GetItem", { TableName, Key, ConsistentRead }).Item as { n?: unknown })?.n;
  const ofIndex = () => must("Scan", { TableName, IndexName: "by-owner" }).Count;
  const owned = { owner: { S: "o" }, rank: { N: "1" } };

  put("a", "1", { n: { N: "1" } });
  holdReads(1000);
  put("a", "1", { n: { N: "2" }, ...owned });
  put("a", "2", owned);
  expect([get(), get(true), ofIndex()]).toEqual([{ N: "1" }, { N: "2" }, 0]);
  expect(must("Scan", { TableName }).Count).toBe(1);
  expect(must("Scan", { TableName, ConsistentRead: true }).Count).toBe(2);
  const Keys = [Key];
  const batch = (ConsistentRead: boolean) =>
    must("BatchGetItem", { RequestItems: { [TableName]: { Keys, ConsistentRead } } }).Responses;
  expect(batch(false)).toEqual({ [TableName]: [{ ...Key, n: { N: "1" } }] });
  expect(batch(true)).toEqual({ [TableName]: [{ ...Key, n: { N: "2" }, ...owned }] });
  // Conditions read current data.
  const onlyIfTwo = { ConditionExpression: "n = :two", UpdateExpression: "SET n = :three" };
  const ExpressionAttributeValues = { ":two": { N: "2" }, ":three": { N: "3" } };
  must("UpdateItem", { TableName, Key, ...onlyIfTwo, ExpressionAttributeValues });
  expect(get(true)).toEqual({ N: "3" });

  clock.now += 1001;
  expect([get(), ofIndex()]).toEqual([{ N: "3" }, 2]);
  put("a", "1");
  expect([get(), ofIndex()]).toEqual([{ N: "3" }, 2]);
  holdReads(0);
  expect([get(), ofIndex()]).toEqual([undefined, 1]);
  close();
});

test("items that would expire later are expired at once", () => {
  const { must, put, clock, expire, get } = openTestEngine();
  const TimeToLiveSpecification = { AttributeName: "until", Enabled: true };
  must("UpdateTimeToLive", { TableName: "things", TimeToLiveSpecification });
  const seconds = Math.floor(clock.now / 1000);
  for (let n = 0; n < 500; n++) put("a", String(n), { until: { N: String(seconds + 50) } });
  put("a", "later", { until: { N: String(seconds + 500) } });
  expire(100);
  expect(must("Scan", { TableName: "things" }).Count).toBe(1);
  expect(get("a", "later")).toBeDefined();
});
