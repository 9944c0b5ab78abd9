import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { buildAssembly } from "../../bin/build/assembly.ts";
import { openEngine } from "../../local/aws/index.ts";
import { createLog, startSystem as startStage } from "../../local/index.ts";
import { key } from "../../platform/table/keys.ts";
import { forms } from "../../platform/table/layout.ts";
import { startSystem } from "../system.ts";

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "ovation-layout-"));
  await (await startSystem({ dataDir })).stop();
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

/** Replaces or removes the record in the demo's table that says which stage owns it. */
async function label(Item?: object): Promise<void> {
  const engine = await openEngine(dataDir);
  const client = new DynamoDBClient({
    endpoint: engine.endpoint,
    region: "us-east-1",
    credentials: engine.credentials,
  });
  const table = DynamoDBDocumentClient.from(client);
  const TableName = "ovation-dev";
  await table.send(new DeleteCommand({ TableName, Key: key.layout() }));
  if (Item) await table.send(new PutCommand({ TableName, Item: { ...key.layout(), ...Item } }));
  client.destroy();
  await engine.stop();
}

function run(line: string, more: Record<string, string> = {}) {
  const [program = "", ...options] = line.split(" ");
  const path = join(import.meta.dirname, "../../bin", program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...options], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: "0", NODE_OPTIONS: "", ...more },
    encoding: "utf8",
  });
  return { status, says: (stdout + stderr).trim().split("\n") };
}

const sentence =
  /^(DATA_DIR .*: )?The table ovation-dev has data in form 1, and this version of Ovation reads forms \d+ to \d+\. Use the version that wrote it, or begin with empty data\.$/;

test("data with its stage and version can be audited, and a system starts on it", async () => {
  expect(run("ovation.ts audit")).toMatchObject({ status: 0 });
  expect(run("operate/redrive.ts")).toMatchObject({ status: 0 });
  await (await startSystem({ dataDir })).stop();
});

test("a command for a stage that has never run on the data says so", () => {
  expect(run("ovation.ts audit", { STAGE: "prod" })).toEqual({
    status: 1,
    says: [`There is no data of the stage prod in ${dataDir}: set STAGE.`],
  });
});

test("data without a version is refused by start, audit and redrive with a sentence and code 2", async () => {
  await label();
  for (const program of ["local.js", "ovation.ts audit", "operate/redrive.ts"])
    expect([program, run(program)]).toEqual([
      program,
      { status: 2, says: [expect.stringMatching(sentence)] },
    ]);
});

test("data of another stage is refused by start, audit and redrive", async () => {
  await label({ version: forms.writes, stage: "prod", readable: forms.reads.to });
  for (const program of ["local.js", "ovation.ts audit", "operate/redrive.ts"])
    expect([program, run(program)]).toEqual([
      program,
      {
        status: 2,
        says: [
          expect.stringMatching(
            /The table ovation-dev is that of the stage prod, not of dev: nothing was changed\./,
          ),
        ],
      },
    ]);
});

test("functions refuse a table without an owner, however they were started", async () => {
  const system = await startStage({
    assemblyDirectory: () => buildAssembly("dev", new AbortController().signal),
    stageName: "dev",
    port: 0,
    dataDir: ":memory:",
    log: createLog("off", () => {}),
    secrets: {},
  });
  const answer = await fetch(`${system.url}/health`);
  await system.stop();
  expect(answer.status).toBe(503);
});
