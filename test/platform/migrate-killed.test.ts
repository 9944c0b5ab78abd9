import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startEngine } from "../../local/aws/engine.ts";
import { openState } from "../../local/state.ts";
import { key } from "../../platform/table/keys.ts";
import { createTable } from "./table.ts";

const tableName = "ovation-test";
const count = 100_000;
/** Of this number of items one is in the old form. */
const rare = 20;

let engine: Awaited<ReturnType<typeof startEngine>>;
const state = openState(":memory:");
beforeAll(async () => {
  const tables = [{ name: tableName, arn: "", streamArn: "", createTable }];
  engine = await startEngine({ state, tables, log: console.error });
});
afterAll(async () => {
  await engine.stop();
  state.close();
});

const ask = async (operation: string, input: object) => {
  const { status, body } = await engine.call(`DynamoDB_20120810.${operation}`, {
    TableName: tableName,
    ...input,
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as {
    Items: Record<string, { S?: string; N?: string }>[];
    LastEvaluatedKey?: object;
  };
};

/** Few items have an amount as text, the others have credits. */
const itemOf = (n: number) => ({
  PK: { S: `WALLET#${n}` },
  SK: { S: "WALLET" },
  n: { N: `${n}` },
  ...(n % rare === 0 ? { amount: { S: `${n}` } } : { credits: { N: `${n}` } }),
});

/** Starts a migration that dies after this number of changes; answers its output and its end. */
function start(changesMax = 1e9) {
  const { endpoint, credentials } = engine;
  const place = JSON.stringify({ endpoint, credentials, tableName, changesMax });
  const child = spawn(process.execPath, [join(import.meta.dirname, "migrating.ts"), place], {
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((done) => child.once("exit", (...how) => done(how)));
  return { ended, lines: createInterface(child.stdout) };
}

/*
 * Planted faults that turn this red: a checkpoint that is noted before its page is done, and a run
 * that begins at the beginning.
 */
test("a migration of 100,000 items that is killed halfway resumes there, and misses none", async () => {
  for (let from = 0; from < count; from += 25) {
    const batch = Array.from({ length: 25 }, (_, at) => itemOf(from + at));
    const RequestItems = { [tableName]: batch.map((Item) => ({ PutRequest: { Item } })) };
    await engine.call("DynamoDB_20120810.BatchWriteItem", { RequestItems });
  }
  const { PK, SK } = key.layout();
  const forms = { version: { N: "6" }, oldest: { N: "5" }, readable: { N: "6" } };
  await ask("PutItem", { Item: { PK: { S: PK }, SK: { S: SK }, ...forms } });

  // In the midst of a page's changes.
  const first = start(Math.round(count / rare / 1.9));
  first.lines.resume();
  expect(await first.ended).toEqual([null, "SIGKILL"]);

  const second = start();
  const told: { seen?: number; changed?: number; oldest?: number }[] = [];
  for await (const line of second.lines) told.push(JSON.parse(line));
  expect(await second.ended).toEqual([0, null]);
  expect(told[0]!.seen).toBeGreaterThan(count / 2);
  expect(told.at(-2)).toMatchObject({ seen: count + 1 });
  expect(told.at(-1)).toEqual({ oldest: 6 });

  const right = new Set<number>();
  let ExclusiveStartKey: object | undefined;
  do {
    const page = await ask("Scan", { ExclusiveStartKey, ConsistentRead: true });
    for (const { n, credits, amount } of page.Items)
      if (n !== undefined && credits?.N === n.N && amount === undefined) right.add(Number(n.N));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  expect(right.size).toBe(count);
});
