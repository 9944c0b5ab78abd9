import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { jest } from "@jest/globals";
import { type Engine, startEngine } from "../../local/aws/engine.ts";
import { openEngine, openSnapshot } from "../../local/aws/open-engine.ts";
import { FormatMismatch } from "../../local/engine/index.ts";
import { createStorage } from "../../local/engine/storage.ts";
import { createStreamFeed } from "../../local/sources/stream-feed.ts";
import { createPositions } from "../../local/sources/stream-positions.ts";
import { DataDirectoryBusy, openState } from "../../local/state.ts";
import { findDynoxide, startDynoxide } from "./engine/differential/dynoxide.ts";
import { makeStage, waitFor } from "./sample-stage.ts";

const { tables } = makeStage();
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ovation-test-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function start(dataDirectory = directory) {
  const state = openState(dataDirectory);
  const started = startEngine({ state, tables, log: () => {} });
  started.catch(() => state.close());
  const engine = await started;
  const stop = async () => {
    await engine.stop();
    state.close();
  };
  return { state, engine, stop };
}

const put = (engine: Engine, SK: string) =>
  engine.call("DynamoDB_20120810.PutItem", {
    TableName: "sample",
    Item: { PK: { S: "A" }, SK: { S: SK } },
  });
const count = async (engine: Engine) =>
  (await engine.call("DynamoDB_20120810.Scan", { TableName: "sample" })).body.Count;

/** The processor time of a write in microseconds: the mean of the cheapest of ten rounds. */
async function measureWrite(engine: Engine, name: string): Promise<number> {
  const rounds: number[] = [];
  for (let index = 0; index < 300; index += 30) {
    const before = process.cpuUsage();
    for (let at = index; at < index + 30; at += 1) await put(engine, `${name}${at}`);
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / 30);
  }
  return Math.min(...rounds);
}

test("a write costs as much after 20,000 stream records as before", async () => {
  const { engine, stop } = await start(":memory:");
  await measureWrite(engine, "warm");
  const early = await measureWrite(engine, "early");
  for (let index = 0; index < 20_000; index += 25) {
    const items = Array.from({ length: 25 }, (_, offset) => ({
      PutRequest: { Item: { PK: { S: "A" }, SK: { S: `bulk${index + offset}` } } },
    }));
    const body = { RequestItems: { sample: items } };
    const answer = await engine.call("DynamoDB_20120810.BatchWriteItem", body);
    expect(answer.status).toBe(200);
  }
  const late = await measureWrite(engine, "late");
  await stop();
  expect(late / early).toBeLessThan(2.5);
});

test("data is kept, and engine.json has the engine's endpoint while it runs", async () => {
  const first = await start();
  await put(first.engine, "kept");
  const note = JSON.parse(readFileSync(join(directory, "engine.json"), "utf8"));
  expect(note.endpoint).toBe(first.engine.endpoint);
  const reader = await openEngine(directory);
  expect(reader.endpoint).toBe(first.engine.endpoint);
  await first.stop();
  expect(existsSync(join(directory, "engine.json"))).toBe(false);
  const alone = await openEngine(directory);
  expect(alone.endpoint).not.toBe(first.engine.endpoint);
  await alone.stop();
  const second = await start();
  expect(await count(second.engine)).toBe(1);
  await second.stop();
});

test("a snapshot of a running engine is consistent, and is deleted when it is closed", async () => {
  const { engine, stop } = await start();
  const item = (SK: string, n: number) => ({
    Put: {
      TableName: "sample",
      Item: { PK: { S: "A" }, SK: { S: SK }, n: { N: `${n}` }, filler: { S: "x".repeat(9_000) } },
    },
  });
  const write = (n: number) => {
    const TransactItems = [item("first", n), item("second", n)];
    return engine.call("DynamoDB_20120810.TransactWriteItems", { TransactItems });
  };
  let [n, over] = [0, false];
  const writing = (async () => {
    while (!over) {
      expect((await write(++n)).status).toBe(200);
      // Reading in steps lets writes continue.
      await new Promise(setImmediate);
    }
  })();
  await waitFor("writes", () => n > 50);
  const snapshot = await openSnapshot(directory);
  const client = new DynamoDBClient({
    endpoint: snapshot.endpoint,
    region: "us-east-1",
    credentials: snapshot.credentials,
    maxAttempts: 1,
  });
  const read = async (SK: string) => {
    const Key = { PK: { S: "A" }, SK: { S: SK } };
    const { Item } = await client.send(
      new GetItemCommand({ TableName: "sample", Key, ConsistentRead: true }),
    );
    return Number(Item?.n?.N);
  };
  const first = await read("first");
  const since = n;
  await waitFor("more writes", () => n > since + 20);
  expect(await read("second")).toBe(first);
  expect(first).toBeGreaterThanOrEqual(50);
  await snapshot.stop();
  over = true;
  await writing;
  await expect(read("first")).rejects.toThrow();
  await stop();
  // Without a runner the data itself is read, and locked.
  const alone = await openSnapshot(directory);
  expect(() => openState(directory)).toThrow(DataDirectoryBusy);
  await alone.stop();
});

test("a second runner on one directory is refused with one sentence", async () => {
  const state = openState(directory);
  expect(() => openState(directory)).toThrow(DataDirectoryBusy);
  expect(() => openState(directory)).toThrow(/in use by another running Ovation.*DATA_DIR/);
  state.close();
  openState(directory).close();
});

test("an audit without data says so", async () => {
  await expect(openEngine(join(directory, "none"))).rejects.toThrow("There is no data in");
});

test("a command waits for the engine of a runner that is starting, after a kill too", async () => {
  await (await start()).stop();
  const state = openState(directory);
  const left = { endpoint: "http://127.0.0.1:1", credentials: {}, isOther: false };
  for (const file of [undefined, left]) {
    if (file) writeFileSync(join(directory, "engine.json"), JSON.stringify(file));
    await expect(openEngine(directory, 0)).rejects.toThrow(/in use by an Ovation .* not respond/);
    const opening = openEngine(directory);
    const engine = await startEngine({ state, tables, log: () => {} });
    expect((await opening).endpoint).toBe(engine.endpoint);
    await engine.stop();
  }
  state.close();
});

test("an engine that does not respond is named with its setting", async () => {
  const state = openState(directory);
  for (const endpoint of ["http://127.0.0.1:1", "http://localhost:1"])
    await expect(startEngine({ state, tables, endpoint, log: () => {} })).rejects.toThrow(
      new RegExp(`^DYNAMODB_ENDPOINT: ${endpoint} does not respond \\(.*ECONNREFUSED`),
    );
  state.close();
});

test("a full disk is reported as that, and later writes succeed", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE bytes (value BLOB); PRAGMA max_page_count = 10");
  const { atomically } = createStorage(database, {} as Parameters<typeof createStorage>[1]);
  const write = (bytes: number) => () =>
    database.prepare("INSERT INTO bytes VALUES (zeroblob(?))").run(bytes);
  expect(() => atomically(write(1_000_000))).toThrow("database or disk is full");
  expect(atomically(write(1))).toMatchObject({ changes: 1 });
  database.close();
});

test("a killed runner leaves no lock and everything acknowledged", async () => {
  const from = (path: string) => `await import(${JSON.stringify(join(process.cwd(), path))})`;
  const script = `
    const { openState } = ${from("local/state.ts")};
    const { startEngine } = ${from("local/aws/engine.ts")};
    const { makeStage } = ${from("test/local/sample-stage.ts")};
    const state = openState(${JSON.stringify(directory)});
    const engine = await startEngine({ state, tables: makeStage().tables, log: () => {} });
    for (let n = 0; ; n += 1) {
      const Item = { PK: { S: "A" }, SK: { S: "k" + n } };
      const body = { TableName: "sample", Item };
      const answer = await engine.call("DynamoDB_20120810.PutItem", body);
      if (answer.status === 200) process.stdout.write(n + "\\n");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = -1;
  child.stdout.on("data", (data) => {
    acknowledged = Number(String(data).trim().split("\n").at(-1));
  });
  await waitFor("some writes", () => acknowledged > 50);
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await ended;
  const { engine, stop } = await start();
  expect(await count(engine)).toBeGreaterThanOrEqual(acknowledged + 1);
  await stop();
});

test("after a power failure, readers do not take new records for ones they have read", async () => {
  const first = await start();
  await put(first.engine, "kept");
  const [table] = tables;
  const streamOf = (engine: Engine) => createStreamFeed(engine.call, table!, () => 0);
  const reader = "reader";
  const stream = await streamOf(first.engine).findStreamArn();
  createPositions(first.state, reader, stream).save(0, "1000");
  await first.stop();
  const { engine, state, stop } = await start();
  await put(engine, "new");
  const position = createPositions(state, reader, stream).find(0);
  const records = await streamOf(engine).read(position);
  expect(records.map(({ dynamodb }) => dynamodb.Keys.SK)).toEqual([{ S: "new" }]);
  await stop();
});

test("data of the previous engine is refused with one sentence, and stays unchanged", async () => {
  const file = join(directory, "dynamodb.sqlite");
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE _stream_records (n INTEGER)");
  database.close();
  const state = openState(directory);
  const starting = startEngine({ state, tables, log: () => {} });
  await expect(starting).rejects.toThrow(FormatMismatch);
  await expect(starting).rejects.toThrow(/^The data in .* another database engine [^.]*\.$/);
  state.close();
  await expect(openEngine(directory)).rejects.toThrow(FormatMismatch);
  // The refusal leaves nothing locked.
  openState(directory).close();
  const after = new DatabaseSync(file);
  expect(after.prepare("SELECT name FROM sqlite_schema").all()).toEqual([
    { name: "_stream_records" },
  ]);
  after.close();
});

test.each([
  ["is no database", () => Buffer.from("no database")],
  ["is cut off", (whole: Buffer) => whole.subarray(0, 6_000)],
])("a file that %s is named in a readable sentence", async (_, damage) => {
  for (const name of ["dynamodb.sqlite", "runner.sqlite"]) {
    const file = join(directory, name);
    await (await start()).stop();
    const whole = readFileSync(file);
    writeFileSync(file, damage(whole));
    const says = `^The data in .*${name} cannot be read: [^.]*\\. Restore a copy of its directory`;
    await expect(start()).rejects.toThrow(new RegExp(says));
    writeFileSync(file, whole);
  }
});

test("damage in the positions of readers is reported of their file, not of the table's", async () => {
  await (await start()).stop();
  const state = openState(directory);
  const damaged = Object.assign(new Error("malformed"), { errcode: 11 });
  const prepare = jest.spyOn(state.database, "prepare").mockImplementation(() => {
    throw damaged;
  });
  const starting = startEngine({ state, tables, log: () => {} });
  await expect(starting).rejects.toThrow(/runner\.sqlite cannot be read: malformed\. /);
  prepare.mockRestore();
  state.close();
});

const dynoxide = findDynoxide();
(dynoxide ? test : test.skip)(
  "an engine that returns an empty old item for a new one reports no old item",
  async () => {
    const other = await startDynoxide(dynoxide!);
    const state = openState(directory);
    const engine = await startEngine({ state, tables, endpoint: other.endpoint, log: () => {} });
    const update = async () => {
      const { body } = await engine.call("DynamoDB_20120810.UpdateItem", {
        TableName: "sample",
        Key: { PK: { S: "A" }, SK: { S: "new" } },
        UpdateExpression: "ADD n :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
        ReturnValues: "ALL_OLD",
      });
      return (body.Attributes as { n?: unknown } | undefined)?.n;
    };
    expect([await update(), await update(), await update()]).toEqual([
      undefined,
      { N: "1" },
      { N: "2" },
    ]);
    const { body } = await engine.call("DynamoDB_20120810.UpdateItem", {
      TableName: "sample",
      Key: { PK: { S: "B" }, SK: { S: "new" } },
      UpdateExpression: "SET n = :one",
      ExpressionAttributeValues: { ":one": { N: "1" } },
      ReturnValues: "ALL_OLD",
    });
    expect(body.Attributes).toBeUndefined();
    expect(engine.switches).toBeUndefined();
    await engine.stop();
    state.close();
    await other.stop();
  },
);
