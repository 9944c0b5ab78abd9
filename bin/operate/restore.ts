/**
 * `npm run restore -- prod --at TIME`: restores a stage's table next to it, completes and audits
 * it, and says how to switch to it. `npm run drill -- prod`: restores a backup of the vault, audits
 * it and deletes it again (docs/restore.md).
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { tableName } from "../../lib/stages/names.ts";
import { type Stage, stageNamed, stageNames } from "../../lib/stages/stages.ts";
import { audit } from "../../platform/audit/audit.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { scanTable } from "../../platform/table/query.ts";
import { makeWritable } from "../../platform/table/read-only.ts";
import { assertAccount } from "../aws/account.ts";
import { restoreBackup } from "../aws/backups.ts";
import {
  completeTable,
  deleteTable,
  restoreTime,
  waitUntilActive,
  warmUp,
} from "../aws/restored-table.ts";
import { openTable } from "../aws/table.ts";
import { readPositive, readStageName, runOnStage, UsageError } from "./stage-command.ts";
import { resetLogs } from "./stream-logs.ts";

const usage = `Usage: npm run restore -- ${stageNames.join("|")} --at TIME | --backup [--before TIME]  [--to TABLE]
       npm run drill -- ${stageNames.join("|")} [--before TIME]

restore creates another table from a point in time or a backup, and prepares it
to replace the stage's table; drill restores the newest backup, audits it and
deletes that table. Neither changes the stage's own table (docs/restore.md).

  --at TIME      the table at this time within the last 35 days, such as
                 2026-11-21T03:55:00Z
  --backup       the newest backup in the vault
  --before TIME  the newest backup from before this time
  --to TABLE     the new table's name (default: the stage's, with the time)
  --drill        audits the backup, then deletes the restored table; set by
                 npm run drill
  --every MS     milliseconds between checks of AWS (default 10000)`;

type RestoreOptions = {
  stage: Stage;
  at?: Date | undefined;
  before?: Date | undefined;
  to: string;
  isDrill: boolean;
  everyMilliseconds: number;
};

/** The value of an option that takes a time in the past; undefined if it is not given. */
function timeOf(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!(time.getTime() <= Date.now()))
    throw new UsageError(`${option}: expected a time that has passed, found '${text}'`);
  // Without a zone, JavaScript would use that of the operator's machine.
  if (!/(Z|[+-]\d\d:\d\d)$/i.test(text))
    throw new UsageError(`${option}: expected a time with its zone, such as Z, found '${text}'`);
  return time;
}

function readOptions(): RestoreOptions {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      at: { type: "string" },
      to: { type: "string" },
      every: { type: "string" },
      backup: { type: "boolean" },
      drill: { type: "boolean", default: false },
      before: { type: "string" },
    },
  });
  const name = readStageName(positionals);
  if (name === undefined) throw new UsageError("Expected a stage");
  const stage = stageNamed(name);
  const isDrill = values.drill;
  const isBackup = values.backup === true || isDrill;
  if (isBackup === (values.at !== undefined))
    throw new UsageError("Expected either --at TIME or --backup");
  // AWS answers 403 for a vault that does not exist.
  if (isBackup && !stage.keepData)
    throw new UsageError(`${name} has no backups, since its data may be deleted (keepData)`);
  const at = timeOf("--at", values.at);
  const before = timeOf("--before", values.before);
  if (before !== undefined && !isBackup)
    throw new UsageError("--before: expected only with --backup");
  const everyMilliseconds = readPositive("every", values.every, 10_000);
  const time = new Date().toISOString().replace(/[^\d]/g, "").slice(0, "20261121035500".length);
  const to = values.to ?? `ovation-${name}-${isDrill ? "drill-" : ""}${time}`;
  if (!to.startsWith(`ovation-${name}-`))
    throw new UsageError(`--to: expected a name that begins with ovation-${name}-, found '${to}'`);
  return { stage, at, before, to, isDrill, everyMilliseconds };
}

const number = new Intl.NumberFormat("en-US");

/**
 * Audits the table as of its backup: work in progress at that time does not count as missing.
 * Prints what does not add up; returns how much that is, and the number of items.
 */
async function auditRestored(from: Date): Promise<{ count: number; items: number }> {
  const options = { read: () => scanTable(), now: from, patienceMilliseconds: 0, pause };
  const { sums, misfits, more } = await audit(options);
  for (const { problem, items } of misfits)
    console.error(`MISFIT ${problem} [${items.join(", ")}]`);
  return { count: misfits.length + more, items: sums.items };
}

/** Warms the table up for the stage's calls; if AWS refuses that, says so. */
async function warm(
  client: DynamoDBClient,
  to: string,
  { warmThroughput }: Stage,
  everyMilliseconds: number,
): Promise<void> {
  if (warmThroughput === undefined) return;
  const { reads, writes } = warmThroughput;
  await warmUp(client, to, warmThroughput, everyMilliseconds).catch(({ message }: Error) => {
    const units = `${number.format(reads)} reads and ${number.format(writes)} writes a second`;
    console.error(`${to} is not warm for ${units}: ${message}`);
  });
}

async function run({
  stage,
  at,
  before,
  to,
  isDrill,
  everyMilliseconds,
}: RestoreOptions): Promise<void> {
  const client = openClient(DynamoDBClient, { tryMilliseconds: 20_000, region: stage.region });
  // Fails here without a region, or in another account, before a message says that AWS creates a
  // table.
  await client.config.region();
  await assertAccount(stage);
  const begun = Date.now();
  console.log(`Restoring into ${to}, which AWS creates even if this command is stopped`);
  if (at !== undefined) await restoreTime(client, tableName(stage), to, at);
  const from = at ?? (await restoreBackup(stage, before, to, everyMilliseconds));
  await waitUntilActive(client, to, everyMilliseconds);
  const minutes = Math.ceil((Date.now() - begun) / 60_000);
  console.log(`${to}: the table as of ${from.toISOString()}, after ${minutes} min`);
  const streamArn = isDrill ? undefined : await completeTable(client, to, everyMilliseconds);
  // The copy of a read-only table is read-only, too.
  const restored = { client: DynamoDBDocumentClient.from(client), tableName: to };
  if (!isDrill) {
    await makeWritable(restored);
    await warm(client, to, stage, everyMilliseconds);
  }
  const close = await openTable({ stage: stage.name, table: to });
  const { count, items } = await auditRestored(from);
  const fits = count === 0 ? "Everything fits" : `${number.format(count)} things do not fit`;
  const says = `restored, audited, ${number.format(items)} items, ${fits}`;
  if (streamArn === undefined) {
    await close();
    if (count > 0) throw new Error(`${fits}.`);
    await deleteTable(client, to, everyMilliseconds);
    return console.log(says);
  }
  const logs = await resetLogs(stage);
  await close();
  console.log(`${number.format(logs)} logs reset, so clients read the history`);
  console.log(says);
  console.log(`Next, set in lib/stages/stages.ts for ${stage.name}:`);
  console.log(`  restored: { table: "${to}", streamArn: "${streamArn}" },`);
  console.log(`Then run: npm run deploy -- ${stage.name} --no-canary`);
  if (count === 0) return;
  // The original table may have had the same misfits, so the operator decides.
  console.error(`${fits}: check them before you deploy it (docs/restore.md, step 2).`);
  process.exitCode = 1;
}

const advice = ({ to }: RestoreOptions) =>
  `If ${to} was created, it still exists: inspect it, or repeat with another name`;
await runOnStage({ usage, read: readOptions, run, advice });
