/** Restores of docs/restore.md as commands, against an account that answers as AWS does. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { marshall } from "@aws-sdk/util-dynamodb";
import { beforeAll, beforeEach, expect, test } from "@jest/globals";
import { stageNamed } from "../../lib/stages/stages.ts";
import { key } from "../../platform/table/keys.ts";
import { labelOf } from "../../platform/table/ownership.ts";
import { scanTable } from "../../platform/table/query.ts";
import { runProgram, useAccount } from "../aws/account.ts";
import { startTable } from "../platform/table.ts";
import { makeUser } from "../platform/wallet-people.ts";

type Items = Record<string, unknown>[];
let items: Items;
const { account, settings } = useAccount();

beforeAll(async () => {
  const { stop } = await startTable();
  await makeUser("ann", 500);
  items = [marshall(labelOf({ stage: "prod", release: "0.0.0" }))];
  for await (const item of scanTable()) items.push(marshall(item, { removeUndefinedValues: true }));
  await stop();
});
beforeEach(() => account.reset());

const run = (...options: string[]) =>
  runProgram("operate/restore.ts", [...options, "--every", "1"], settings);
const backup = (at: string, some = items, status = "COMPLETED") =>
  account.backups.push({ vault: "ovation-prod", at: new Date(at), items: some, status });

test("the drill restores the newest backup, audits it, and leaves no table behind", async () => {
  const spoilt = items.map((item) => ({ ...item, balance: { N: "7" } }));
  backup("2026-11-20T03:00:00Z", spoilt);
  backup("2026-11-21T03:00:00Z");
  backup("2026-11-22T03:00:00Z", spoilt, "PARTIAL");
  const { status, stdout, stderr } = await run("prod", "--drill");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout.trim().split("\n").at(-1)).toBe(
    `restored, audited, ${items.length} items, Everything fits`,
  );
  expect(stdout).toContain("the table as of 2026-11-21T03:00:00.000Z");
  // It may be stopped hours before that: AWS creates the table all the same.
  expect(stdout.split("\n")[0]).toMatch(
    /^Restoring into ovation-prod-drill-\d{14}, which AWS creates even if this command is stopped$/,
  );
  const [restore] = account.asked.filter(({ path }) => path === "/restore-jobs");
  expect(restore!.body).toMatchObject({
    IamRoleArn: "arn:aws:iam::111122223333:role/ovation-prod-restore",
    ResourceType: "DynamoDB",
  });
  expect(account.tableNames()).toEqual([]);
});

test("a backup that does not add up fails the drill, and its table is kept for inspection", async () => {
  backup(
    "2026-11-21T03:00:00Z",
    items.map((item) => (item.balance ? { ...item, balance: { N: "7" } } : item)),
  );
  const { status, stdout, stderr } = await run("prod", "--drill");
  expect(status).toBe(1);
  expect(stdout).not.toContain("Everything fits");
  expect(stderr).toMatch(/^MISFIT /m);
  expect(stderr).toMatch(/things? do not fit/);
  expect(account.tableNames()).toEqual([expect.stringMatching(/^ovation-prod-drill-\d{14}$/)]);
});

test("a drill outlives the credentials with which it began", async () => {
  backup("2026-11-21T03:00:00Z");
  const directory = await mkdtemp(join(tmpdir(), "ovation-drill-"));
  const [AWS_CONFIG_FILE, program] = [join(directory, "config"), join(directory, "keys.cjs")];
  await writeFile(
    AWS_CONFIG_FILE,
    `[default]\ncredential_process = ${process.execPath} ${program}\n`,
  );
  // New ones in each process, which the SDK replaces five minutes before they end.
  await writeFile(
    program,
    `const Expiration = new Date(Date.now() + 60_000).toISOString();
    const keys = { AccessKeyId: "AKID" + process.pid, SecretAccessKey: "example" };
    console.log(JSON.stringify({ Version: 1, ...keys, Expiration }));`,
  );
  // The restore takes as long as the first ones are used.
  const looks: string[] = [];
  account.before = ({ method, path, signer }) => {
    if (method !== "GET" || !path.startsWith("/restore-jobs/")) return undefined;
    looks.push(signer);
    return looks[0] === signer ? { Status: looks.length < 300 ? "RUNNING" : "ABORTED" } : undefined;
  };
  const others = { ...settings, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_CONFIG_FILE };
  const options = ["prod", "--drill", "--every", "20"];
  const ran = await runProgram("operate/restore.ts", options, others);
  await rm(directory, { recursive: true });
  expect([ran.status, ran.stderr]).toEqual([0, ""]);
});

test("a drill continues if requests for the state of the restore or its table are not answered", async () => {
  backup("2026-11-21T03:00:00Z");
  // The SDK makes a call three times by itself.
  const left = { "/restore-jobs/job": 2, DescribeTable: 4 };
  account.before = ({ method, path, action }) => {
    const at = method === "GET" ? "/restore-jobs/job" : "DescribeTable";
    const isMeant = action === at || (method === "GET" && path.startsWith(at));
    return isMeant && left[at]-- > 0 ? { status: 503, body: {} } : undefined;
  };
  const { status, stdout, stderr } = await run("prod", "--drill");
  expect([status, stderr, left["/restore-jobs/job"] < 0]).toEqual([0, "", true]);
  expect(stdout).toContain("Everything fits");
});

test("a restore and a drill take the newest backup from before a time", async () => {
  const spoilt = items.map((item) => ({ ...item, balance: { N: "7" } }));
  backup("2026-10-01T04:00:00Z");
  backup("2026-11-20T03:00:00Z", spoilt);
  const before = ["--before", "2026-11-20T03:00:00Z"];
  for (const options of [["--backup", "--to", "ovation-prod-2"], ["--drill"]]) {
    const { status, stdout, stderr } = await run("prod", ...options, ...before);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("the table as of 2026-10-01T04:00:00.000Z");
    expect(stdout).toContain("Everything fits");
  }
  const none = await run("prod", "--backup", "--before", "2026-10-01T06:00:00+02:00");
  expect([none.status, none.stderr.split("\n")[0]]).toEqual([
    1,
    "The vault ovation-prod has no completed backup from before 2026-10-01T04:00:00.000Z",
  ]);
});

test("a vault without a backup and a failed restore are reported in a sentence", async () => {
  backup("2026-11-22T03:00:00Z", items, "PARTIAL");
  const none = await run("prod", "--drill");
  expect([none.status, none.stderr.split("\n")[0]]).toEqual([
    1,
    "The vault ovation-prod has no completed backup",
  ]);
  backup("2026-11-21T03:00:00Z");
  account.before = ({ method, path }) =>
    method === "GET" && path.startsWith("/restore-jobs/")
      ? { Status: "FAILED", StatusMessage: "Access denied" }
      : undefined;
  const failed = await run("prod", "--drill");
  expect(failed.status).toBe(1);
  expect(failed.stderr).toMatch(/^The restore of arn:\S+: FAILED, Access denied\n/);
});

test("a restore to a point in time completes the table, and prints the line that switches to it", async () => {
  const since = "2026-11-21T03:50:00Z";
  const log = {
    ...key.log("stream"),
    epoch: "old",
    posted: 3,
    newest: 3,
    totals: { count: 0, credits: 0 },
  };
  const more = [log, { ...key.readOnly(), since }].map((item) => marshall(item));
  account.createTable("ovation-prod", [...items, ...more], {
    stream: true,
    recovery: true,
    isProtected: true,
  });
  const { status, stdout, stderr } = await run(
    ...["prod", "--at", "2026-11-21T03:55:00Z", "--to", "ovation-prod-2"],
  );
  expect([status, stderr]).toEqual([0, ""]);
  const streamArn = account.streamOf("ovation-prod-2");
  expect(stdout).toContain(`  restored: { table: "ovation-prod-2", streamArn: "${streamArn}" },\n`);
  expect(stdout).toContain(`restored, audited, ${items.length + 1} items, Everything fits`);
  // A read-only table's copy accepts writes, and clients with newer positions read its history.
  expect(stdout).toContain("1 logs reset");
  const now = account.itemsOf("ovation-prod-2") as Record<string, { S?: string } | undefined>[];
  expect(now.filter(({ SK }) => SK?.S === "READ-ONLY")).toEqual([]);
  expect(now.filter(({ SK, epoch }) => SK?.S === "LOG" && epoch?.S !== "old")).toHaveLength(1);
  expect(account.extraOf("ovation-prod-2")).toMatchObject({
    stream: true,
    recovery: true,
    isProtected: true,
    warm: stageNamed("prod").warmThroughput,
  });
  const expiry = account.engine.execute("DescribeTimeToLive", { TableName: "ovation-prod-2" });
  expect(expiry.body).toMatchObject({ TimeToLiveDescription: { TimeToLiveStatus: "ENABLED" } });
  const [asked] = account.asked.filter(({ action }) => action === "RestoreTableToPointInTime");
  expect(asked!.body.RestoreDateTime).toBe(Date.parse("2026-11-21T03:55:00Z") / 1000);
});

test("a restore whose data does not add up says so, and can still be deployed", async () => {
  const spoilt = items.map((item) => (item.balance ? { ...item, balance: { N: "7" } } : item));
  account.createTable("ovation-prod", spoilt, { stream: true, recovery: true, isProtected: true });
  const { status, stdout, stderr } = await restoreTo2();
  expect(status).toBe(1);
  expect(stdout).not.toContain("Everything fits");
  expect(stderr).toMatch(/^MISFIT /m);
  expect(stderr).toMatch(/things? do not fit/);
  expect(stdout).toMatch(/\d logs reset/);
  expect(stdout).toContain('restored: { table: "ovation-prod-2"');
});

/** What AWS answers about a table of which it does not know all yet. */
const unready = {
  DescribeTable: "ResourceNotFoundException",
  UpdateTable: "ResourceInUseException",
  UpdateContinuousBackups: "ContinuousBackupsUnavailableException",
} as const;
type Unready = keyof typeof unready;
const refuseAtFirst = (times: number, actions: readonly Unready[]) => {
  const left = new Map<string, number>(actions.map((action) => [action, times]));
  account.before = ({ action, body }) => {
    const more = body.TableName === "ovation-prod-2" ? (left.get(action) ?? 0) : 0;
    left.set(action, more - 1);
    const __type = unready[action as Unready];
    return more > 0 ? { status: 400, body: { __type, message: "Not yet" } } : undefined;
  };
};
const restoreTo2 = () => run("prod", "--at", "2026-11-21T03:55:00Z", "--to", "ovation-prod-2");

test("a restore waits until AWS lets the new table be changed", async () => {
  account.createTable("ovation-prod", items, { stream: true, recovery: true, isProtected: true });
  refuseAtFirst(3, Object.keys(unready) as Unready[]);
  const { status, stdout, stderr } = await restoreTo2();
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("Everything fits");
  expect(account.extraOf("ovation-prod-2")).toMatchObject({
    stream: true,
    recovery: true,
    isProtected: true,
  });
});

test("a restore and a drill continue if AWS has made a change whose response is lost", async () => {
  account.createTable("ovation-prod", items, { stream: true, recovery: true, isProtected: true });
  backup("2026-11-21T03:00:00Z");
  const changes = ["UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups", "DeleteTable"];
  const lost = new Set<string>();
  account.before = ({ service, method, path, action, body }) => {
    const change = `${action} ${Object.keys(body).sort()}`;
    // AWS starts one job for a token, however often it is asked.
    if (method === "PUT" && path === "/restore-jobs" && !lost.has(path)) {
      lost.add(path);
      return { status: 503, body: {} };
    }
    if (!changes.includes(action) || lost.has(change)) return undefined;
    const { status } = account.ask(service, action, body);
    if (status === 200) lost.add(change);
    return { status: 503, body: {} };
  };
  const restored = await restoreTo2();
  expect([restored.status, restored.stderr]).toEqual([0, ""]);
  const drilled = await run("prod", "--drill");
  expect([drilled.status, drilled.stderr]).toEqual([0, ""]);
  // The stream, the protection, the expiry, the backups, the warmth, the job and the deletion.
  expect(lost.size).toBe(7);
  expect(account.tableNames().sort()).toEqual(["ovation-prod", "ovation-prod-2"]);
});

test("a restore that AWS does not warm up completes its table, and says so", async () => {
  account.createTable("ovation-prod", items, { stream: true, recovery: true, isProtected: true });
  account.before = ({ body }) =>
    body.WarmThroughput === undefined
      ? undefined
      : { status: 400, body: { __type: "LimitExceededException", message: "Too warm" } };
  const { status, stdout, stderr } = await restoreTo2();
  expect([status, stderr]).toEqual([
    0,
    "ovation-prod-2 is not warm for 24,000 reads and 16,000 writes a second: Too warm\n",
  ]);
  expect(stdout).toContain("npm run deploy -- prod --no-canary");
});

test("a restore does not wait forever for a table that cannot be changed", async () => {
  account.createTable("ovation-prod", items, { stream: true, recovery: true, isProtected: true });
  refuseAtFirst(1_000, ["UpdateContinuousBackups"]);
  const { status, stderr } = await restoreTo2();
  expect([status, stderr.split("\n")[0]]).toEqual([1, "Not yet"]);
});

test.each([
  [["prod"], "Expected either --at TIME or --backup"],
  [["staging", "--drill"], "staging has no backups, since its data may be deleted (keepData)"],
  [["dev", "--backup"], "dev has no backups, since its data may be deleted (keepData)"],
  [["prod", "--at", "yesterday"], "--at: expected a time that has passed, found 'yesterday'"],
  [
    ["prod", "--at", "2026-11-21T03:55:00"],
    "--at: expected a time with its zone, such as Z, found '2026-11-21T03:55:00'",
  ],
  [
    ["prod", "--at", "2026-11-21"],
    "--at: expected a time with its zone, such as Z, found '2026-11-21'",
  ],
  [["prod", "--before", "2026-11-21T03:55:00Z"], "Expected either --at TIME or --backup"],
  [
    ["prod", "--at", "2026-11-21T03:55:00Z", "--before", "2026-11-21T03:55:00Z"],
    "--before: expected only with --backup",
  ],
  [
    ["prod", "--backup", "--before", "2026-11-21"],
    "--before: expected a time with its zone, such as Z, found '2026-11-21'",
  ],
  [
    ["prod", "--backup", "--to", "ovation-prod"],
    "--to: expected a name that begins with ovation-prod-, found 'ovation-prod'",
  ],
])("invalid options are refused before any call: %j", async (options, says) => {
  const { status, stderr } = await run(...options);
  expect([status, stderr.split("\n")[0]]).toEqual([2, says]);
  expect(account.asked).toEqual([]);
});
