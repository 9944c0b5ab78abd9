import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { openEngine } from "../../local/aws/index.ts";
import { newLog } from "../../platform/store/log/logs.ts";
import { type Key, key } from "../../platform/table/keys.ts";
import { labelOf } from "../../platform/table/ownership.ts";
import { runProgram, useAccount } from "../aws/account.ts";
import { startSystem } from "../system.ts";

/** Not a stream of the demo: those have logs, too, after their first records. */
const streamId = "64d15f9e2e6c8f4d5a12300f";
const [log, subscriber] = [key.log(streamId), key.subscriber(streamId, "connection")];
const before = { ...newLog(), posted: 7, newest: 12 };

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "ovation-reset-"));
  await (await startSystem({ dataDir })).stop();
  await onTable(async (client) => {
    for (const Item of [{ ...log, ...before }, subscriber])
      await client.send(new PutCommand({ TableName: "ovation-dev", Item }));
  });
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function onTable<A>(use: (client: DynamoDBDocumentClient) => Promise<A>): Promise<A> {
  const engine = await openEngine(dataDir);
  const { endpoint, credentials } = engine;
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  try {
    return await use(DynamoDBDocumentClient.from(client));
  } finally {
    client.destroy();
    await engine.stop();
  }
}

const find = (Key: Key) =>
  onTable(async (client) => {
    const read = new GetCommand({ TableName: "ovation-dev", Key, ConsistentRead: true });
    return (await client.send(read)).Item;
  });

/** The same for a table of AWS. */
const { account, settings } = useAccount();

async function resetLogs(...options: string[]) {
  const ran = await runProgram("operate/reset-logs.ts", options, { DATA_DIR: dataDir });
  return { status: ran.status, says: (ran.stdout + ran.stderr).trim() };
}

test("without --yes it prints what it would do, and changes nothing", async () => {
  const says = expect.stringMatching(/^[1-3] logs? of .*add --yes to reset\.$/);
  expect(await resetLogs()).toMatchObject({ status: 1, says });
  expect(await find(log)).toMatchObject(before);
  expect(await find(subscriber)).toBeDefined();
});

test("logs of a running system are not reset", async () => {
  const system = await startSystem({ dataDir });
  const says = expect.stringContaining("stop it before you reset its logs");
  expect(await resetLogs("--yes")).toMatchObject({ status: 1, says });
  await system.stop();
  expect(await find(log)).toMatchObject(before);
});

test("every log starts a new epoch, frame numbers continue, and subscriptions are removed", async () => {
  expect(await resetLogs("--yes")).toMatchObject({ status: 0 });
  const after = await find(log);
  expect(after).toMatchObject({ posted: 7, newest: 12 });
  expect(after?.epoch).not.toBe(before.epoch);
  expect(await find(subscriber)).toBeUndefined();
});

test("an unknown option changes nothing, and the usage is printed", async () => {
  expect(await resetLogs("--all")).toMatchObject({
    status: 2,
    says: expect.stringMatching(/--yes/),
  });
});

test("the logs of a deployed stage are reset only while it is read-only", async () => {
  account.createTable("ovation-prod", [
    marshall(labelOf({ stage: "prod", release: "0.0.0" })),
    marshall({ ...log, ...before }),
  ]);
  const epoch = () => {
    const items = account.itemsOf("ovation-prod") as { epoch?: AttributeValue }[];
    return items.find((item) => item.epoch !== undefined)?.epoch;
  };
  const reset = (...more: string[]) =>
    runProgram("operate/reset-logs.ts", ["--stage", "prod", ...more], settings);
  expect(await reset()).toMatchObject({ status: 1, stderr: "" });
  const live = await reset("--yes");
  expect([live.status, live.stderr]).toEqual([
    1,
    "ovation-prod is in use: run npm run read-only -- prod first, and " +
      "npm run writable -- prod afterwards.\n",
  ]);
  expect(epoch()).toEqual({ S: before.epoch });
  const since = new Date(Date.now() - 100_000).toISOString();
  const Item = marshall({ ...key.readOnly(), since });
  account.engine.execute("PutItem", { TableName: "ovation-prod", Item });
  const ended = await reset("--yes");
  expect([ended.status, ended.stderr]).toEqual([0, ""]);
  expect(ended.stdout).toBe("1 log of prod reset.\n");
  expect(epoch()).toMatchObject({ S: expect.not.stringMatching(before.epoch) });
});
