import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { buildAssembly } from "../../bin/build/assembly.ts";
import { openEngine } from "../../local/aws/index.ts";
import { createLog, startSystem as startStage } from "../../local/index.ts";
import { key } from "../../platform/table/keys.ts";
import { startSystem } from "../system.ts";

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "ovation-layout-"));
  await (await startSystem({ dataDir })).stop();
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

/** Makes the demo's data what a version left behind that did not say its layout yet. */
async function forgetLayout(): Promise<void> {
  const engine = await openEngine(dataDir);
  const client = new DynamoDBClient({
    endpoint: engine.endpoint,
    region: "us-east-1",
    credentials: engine.credentials,
  });
  const remove = new DeleteCommand({ TableName: "ovation-dev", Key: key.layout() });
  await DynamoDBDocumentClient.from(client).send(remove);
  client.destroy();
  await engine.stop();
}

function run(program: string, ...options: string[]) {
  const path = join(import.meta.dirname, "../../bin", program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...options], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: "0", NODE_OPTIONS: "" },
    encoding: "utf8",
  });
  return { status, says: (stdout + stderr).trim().split("\n") };
}

const sentence =
  /^(DATA_DIR .*: )?The table ovation-dev has data of layout 1 and this version of Ovation reads layout \d+ alone: [^.]*\.$/;

test("data that says its layout is audited, and started on again", async () => {
  expect(run("operate/audit.ts")).toMatchObject({ status: 0 });
  expect(run("operate/redrive.ts")).toMatchObject({ status: 0 });
  await (await startSystem({ dataDir })).stop();
});

test("data of the layout before is refused by start, audit and redrive: one sentence and code 2", async () => {
  await forgetLayout();
  for (const program of ["local.js", "operate/audit.ts", "operate/redrive.ts"])
    expect([program, run(program)]).toEqual([
      program,
      { status: 2, says: [expect.stringMatching(sentence)] },
    ]);
});

test("functions refuse a table without a layout, however they were started", async () => {
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
