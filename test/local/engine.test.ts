import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { type Engine, openEngine, openSnapshot, startEngine } from "../../local/aws/engine.ts";
import { openPositions } from "../../local/sources/stream-positions.ts";
import { DataDirectoryBusy, isRunning, openState } from "../../local/state.ts";
import { makeStage, streamArn, waitFor } from "./sample-stage.ts";

const { tables } = makeStage();
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ovation-test-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function start(dataDirectory = directory) {
  const state = openState(dataDirectory);
  const engine = await startEngine({ state, tables, log: () => {} });
  const stop = async () => {
    await engine.stop();
    state.close();
  };
  return { state, engine, stop };
}

const put = (engine: Engine, SK: string) =>
  engine.call(
    "DynamoDB_20120810.PutItem",
    JSON.stringify({ TableName: "sample", Item: { PK: { S: "A" }, SK: { S: SK } } }),
  );
const count = async (engine: Engine) =>
  JSON.parse(String((await engine.call("DynamoDB_20120810.Scan", '{"TableName":"sample"}')).body))
    .Count;

/** Milliseconds of a write, the median of many, one after the other. */
async function measureWrite(engine: Engine, name: string): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < 300; index += 1) {
    const before = performance.now();
    await put(engine, `${name}${index}`);
    times.push(performance.now() - before);
  }
  return times.sort((a, b) => a - b)[150] ?? 0;
}

test("a write takes as long after 20,000 stream records as before", async () => {
  const { engine, stop } = await start(":memory:");
  await measureWrite(engine, "warm");
  const early = await measureWrite(engine, "early");
  for (let index = 0; index < 20_000; index += 25) {
    const items = Array.from({ length: 25 }, (_, offset) => ({
      PutRequest: { Item: { PK: { S: "A" }, SK: { S: `bulk${index + offset}` } } },
    }));
    const body = JSON.stringify({ RequestItems: { sample: items } });
    const answer = await engine.call("DynamoDB_20120810.BatchWriteItem", body);
    expect(answer.status).toBe(200);
  }
  const late = await measureWrite(engine, "late");
  await stop();
  // Without the indexes it is more than five times as long.
  expect(late / early).toBeLessThan(2.5);
});

test("data stays, the note names the engine, and goes with it", async () => {
  const first = await start();
  await put(first.engine, "kept");
  const note = JSON.parse(readFileSync(join(directory, "engine.json"), "utf8"));
  expect(note.endpoint).toBe(first.engine.endpoint);
  const beside = await openEngine(directory);
  expect(beside.endpoint).toBe(first.engine.endpoint);
  await first.stop();
  expect(isRunning(note.pid)).toBe(false);
  expect(existsSync(join(directory, "engine.json"))).toBe(false);
  const alone = await openEngine(directory);
  expect(alone.endpoint).not.toBe(first.engine.endpoint);
  await alone.stop();
  const second = await start();
  expect(await count(second.engine)).toBe(1);
  await second.stop();
});

test("a snapshot of a running engine is of one moment, and goes when it is closed", async () => {
  const { engine, stop } = await start();
  const item = (SK: string, n: number) => ({
    Put: {
      TableName: "sample",
      Item: { PK: { S: "A" }, SK: { S: SK }, n: { N: `${n}` }, filler: { S: "x".repeat(9_000) } },
    },
  });
  const write = (n: number) => {
    const TransactItems = [item("first", n), item("second", n)];
    return engine.call("DynamoDB_20120810.TransactWriteItems", JSON.stringify({ TransactItems }));
  };
  let [n, over] = [0, false];
  const writing = (async () => {
    while (!over) expect((await write(++n)).status).toBe(200);
  })();
  await waitFor("writes", () => n > 50);
  const snapshot = await openSnapshot(directory);
  const client = new DynamoDBClient({
    endpoint: snapshot.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "reader", secretAccessKey: "reader" },
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
  // Nobody writes then: the data itself is read, and held.
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

test("a killed runner leaves no engine, no lock and everything acknowledged", async () => {
  const from = (path: string) => `await import(${JSON.stringify(join(process.cwd(), path))})`;
  const script = `
    const { openState } = ${from("local/state.ts")};
    const { startEngine } = ${from("local/aws/engine.ts")};
    const { makeStage } = ${from("test/local/sample-stage.ts")};
    const state = openState(${JSON.stringify(directory)});
    const engine = await startEngine({ state, tables: makeStage().tables, log: () => {} });
    for (let n = 0; ; n += 1) {
      const Item = { PK: { S: "A" }, SK: { S: "k" + n } };
      const body = JSON.stringify({ TableName: "sample", Item });
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
  const { pid } = JSON.parse(readFileSync(join(directory, "engine.json"), "utf8"));
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await ended;
  await waitFor("the engine's end", () => !isRunning(pid));
  const { engine, stop } = await start();
  expect(await count(engine)).toBeGreaterThanOrEqual(acknowledged + 1);
  await stop();
});

test("old stream records that every reader has had are removed, the newest stays", async () => {
  const first = await start();
  for (const name of ["a", "b"]) await put(first.engine, name);
  await first.stop();
  const file = join(directory, "dynamodb.sqlite");
  const database = new DatabaseSync(file);
  const numbers = () =>
    database
      .prepare("SELECT CAST(sequence_number AS INTEGER) AS n FROM _stream_records ORDER BY n")
      .all()
      .map((row) => Number(row.n));
  const insert = database.prepare(
    `INSERT INTO _stream_records (table_name, event_name, keys_json, sequence_number, shard_id,
      created_at) SELECT table_name, event_name, keys_json, ?, shard_id, created_at
      FROM _stream_records LIMIT 1`,
  );
  database.exec("BEGIN");
  for (let n = 3; n <= 25_000; n += 1) insert.run(String(n));
  database.exec("COMMIT");
  const state = openState(directory);
  openPositions(state, "one", streamArn).save(0, "24000");
  openPositions(state, "two", streamArn).save(0, "23999");
  state.close();
  const second = await start();
  const left = numbers();
  expect(left[0]).toBe(23_999);
  expect(left.at(-1)).toBe(25_000);
  await put(second.engine, "c");
  expect(numbers().at(-1)).toBe(25_001);
  await second.stop();
  database.close();
});
