import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  ScanCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { Maintenance } from "../../domain/refusal.ts";
import type { Item } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { findLabel, forms, TableMismatch } from "../../platform/table/layout.ts";
import { type Migration, migrate, migrations } from "../../platform/table/migrate.ts";
import { assertReadable, beginDeployment, endDeployment } from "../../platform/table/ownership.ts";
import { makeReadOnly, makeWritable } from "../../platform/table/read-only.ts";
import { credits } from "./migration.ts";
import { startTable } from "./table.ts";

const tableName = "ovation-test";
let client: DynamoDBDocumentClient;
let stop: () => Promise<void>;
beforeEach(async () => {
  ({ client, stop } = await startTable());
});
afterEach(() => stop());

const place = () => ({ client, tableName });
const put = (Item: Item) => client.send(new PutCommand({ TableName: tableName, Item }));
const label = (more: object = {}) =>
  put({ ...key.layout(), version: 6, oldest: 5, readable: 6, stage: "test", ...more });
const read = async (Key: { PK: string; SK: string }) =>
  (await client.send(new GetCommand({ TableName: tableName, Key, ConsistentRead: true }))).Item;
const placeOf = (n: number) => ({ PK: `WALLET#${n}`, SK: "WALLET" });
const old = (n: number) => ({ ...placeOf(n), amount: `${n}`, tags: ["a"] });

const fast = { unitsPerSecond: 1e9, pause: async () => {} };
const run = (from = client, more: object = {}) =>
  migrate({ client: from, tableName }, { ...fast, migrations: [credits], ...more });

/** A client that does something before the first command of a kind. */
function before(Command: new (input: never) => object, act: () => Promise<unknown>) {
  let isDone = false;
  const send = async (...given: Parameters<typeof client.send>) => {
    if (!isDone && given[0] instanceof Command) {
      isDone = true;
      await act();
    }
    return client.send(...given);
  };
  return Object.assign(Object.create(client) as DynamoDBDocumentClient, { send });
}

test("old items are changed, new ones are left, and the table states that nothing old remains", async () => {
  await label();
  for (const n of [1, 2, 3]) await put(old(n));
  const other = { ...placeOf(4), credits: 4 };
  await put(other);
  const told: object[] = [];
  expect(await run(client, { tell: (each: object) => told.push(each) })).toBe(6);
  for (const n of [1, 2, 3])
    expect(await read(placeOf(n))).toEqual({ ...placeOf(n), credits: n, tags: ["a"] });
  expect(await read(placeOf(4))).toEqual(other);
  expect(told).toEqual([{ from: 5, to: 6, seen: 5, changed: 3 }]);
  const noted = await read(key.layout());
  expect(noted).toMatchObject({ oldest: 6, version: 6 });
  expect(noted).not.toHaveProperty("migration");
  // Again, and after a crash before it was noted: nothing is left to do.
  expect(await run()).toBe(6);
  await label();
  told.length = 0;
  await run(client, { tell: (each: object) => told.push(each) });
  expect(told).toEqual([{ from: 5, to: 6, seen: 5, changed: 0 }]);
});

test("an item that changes between its read and its write keeps the change", async () => {
  await label();
  await put(old(1));
  await run(before(UpdateCommand, () => put({ ...old(1), amount: "7", more: true })));
  expect(await read(placeOf(1))).toEqual({ ...placeOf(1), credits: 7, tags: ["a"], more: true });
});

test("an item deleted meanwhile stays deleted", async () => {
  await label();
  await put(old(1));
  const remove = new DeleteCommand({ TableName: tableName, Key: placeOf(1) });
  await run(before(UpdateCommand, () => client.send(remove)));
  expect(await read(placeOf(1))).toBeUndefined();
});

test("a migration that would change a key is a fault, and nothing is recorded", async () => {
  await label();
  await put(old(1));
  const change = (item: Item) => ({ ...item, SK: "OTHER" });
  const moved = run(client, { migrations: [{ ...credits, change }] });
  await expect(moved).rejects.toThrow("A key cannot change");
  expect(await findLabel(place())).toMatchObject({ oldest: 5 });
});

test("nothing is changed while a version is deployed that writes the older form", async () => {
  await label({ writing: 5 });
  await put(old(1));
  await expect(run()).rejects.toThrow(TableMismatch);
  expect(await read(placeOf(1))).toEqual(old(1));
  // A rollback begins while it runs.
  await label();
  const stopped = run(before(UpdateCommand, () => label({ writing: 5 })));
  await expect(stopped).rejects.toThrow("A version that writes form 5 is being deployed");
  expect(await findLabel(place())).toMatchObject({ oldest: 5 });
});

test("a read-only table is not changed, and afterwards the migration continues", async () => {
  await label();
  await put(old(1));
  await makeReadOnly(place(), new Date());
  await expect(run()).rejects.toThrow(Maintenance);
  expect(await read(placeOf(1))).toEqual(old(1));
  await makeWritable(place());
  expect(await run()).toBe(6);
});

test("it uses no more of the table's rate than allowed", async () => {
  await label();
  for (let n = 0; n < 60; n++) await put(old(n));
  let units = 0;
  const metered = Object.assign(Object.create(client) as DynamoDBDocumentClient, {
    send: async (command: UpdateCommand) => {
      const answer = await client.send(command);
      units += [answer.ConsumedCapacity ?? []].flat()[0]?.CapacityUnits ?? 0;
      return answer;
    },
  });
  const waits: number[] = [];
  const began = performance.now();
  const pause = async (milliseconds: number) => void waits.push(milliseconds);
  await run(metered, { unitsPerSecond: 10, pause });
  expect(units).toBeGreaterThan(60);
  // The waits are not done here, so the last one is all that should have been waited.
  const due = (units / 10) * 1_000;
  expect(waits.at(-1)).toBeLessThanOrEqual(due);
  expect(waits.at(-1)).toBeGreaterThan(due - (performance.now() - began) - 300);
  expect(waits.length).toBeGreaterThanOrEqual(3);
});

test("pages are bounded, and the next run continues after the last completed one", async () => {
  await label();
  for (let n = 0; n < 1_200; n++) await put(old(n));
  const pages: unknown[] = [];
  let isBroken = true;
  const breaking = Object.assign(Object.create(client) as DynamoDBDocumentClient, {
    send: async (command: { input: ScanCommand["input"] }) => {
      const isScan = command instanceof ScanCommand;
      if (isScan) pages.push(command.input.ExclusiveStartKey);
      if (isScan && pages.length === 2 && isBroken) throw new Error("The line is cut");
      return client.send(command as never);
    },
  });
  await expect(run(breaking)).rejects.toThrow("The line is cut");
  const noted = await findLabel(place());
  expect(noted?.migration).toMatchObject({ from: 5, to: 6, seen: 1_000 });
  isBroken = false;
  expect(await run(breaking)).toBe(6);
  expect(pages).toEqual([undefined, noted!.migration!.after, noted!.migration!.after]);
});

describe("the gate", () => {
  const own = { ...forms };
  afterEach(() => Object.assign(forms, own));
  /** Acts as a version of these forms. */
  const as = (writes: number, from: number, to: number) =>
    Object.assign(forms, { writes, reads: { from, to } });
  const claim = { stage: "test", release: "1.0.0" };
  const deploy = async () => {
    await beginDeployment(place(), claim);
    await endDeployment(place(), claim);
  };

  test("refuses a version that cannot read unmigrated data, before and after a rollback", async () => {
    as(5, 5, 6);
    await deploy();
    await put(old(1));
    as(6, 5, 7);
    await beginDeployment(place(), claim);
    // Functions of both run.
    await expect(run()).rejects.toThrow("writes form 5: deploy one that writes form 6 to the end");
    await endDeployment(place(), claim);
    as(7, 6, 7);
    const refused = "has data in form 5, and this version of Ovation reads forms 6 to 7. Deploy a";
    await expect(deploy()).rejects.toThrow(refused);
    await expect(deploy()).rejects.toThrow("run its `npm run migrate`");
    as(6, 5, 7);
    expect(await run()).toBe(6);
    as(7, 6, 7);
    expect(await assertReadable(place(), "test")).toMatchObject({ oldest: 6 });
    // Back to the version that writes form 5, and up again: the migration counts no more.
    as(5, 5, 6);
    await label({
      ...(await read(key.layout())),
      migration: { from: 5, to: 6, seen: 1, changed: 1 },
    });
    await deploy();
    expect(await findLabel(place())).toMatchObject({ oldest: 5, version: 6, writing: 5 });
    expect(await read(key.layout())).not.toHaveProperty("migration");
    as(6, 5, 7);
    await deploy();
    as(7, 6, 7);
    await expect(deploy()).rejects.toThrow(refused);
    as(6, 5, 7);
    expect(await run()).toBe(6);
    as(7, 6, 7);
    await deploy();
    expect(await findLabel(place())).toMatchObject({ oldest: 6, version: 7, writing: 7 });
  });
});

test("each migration leads to the next form, and to none that this version does not write", () => {
  const steps = (all: readonly Migration[]) => all.map(({ from, to }) => [from, to]);
  for (const [from, to] of steps(migrations)) {
    expect(to).toBe(from! + 1);
    expect(from).toBeGreaterThanOrEqual(forms.reads.from);
    expect(to).toBeLessThanOrEqual(forms.writes);
  }
  expect(new Set(migrations.map(({ from }) => from)).size).toBe(migrations.length);
});
