/**
 * `npm run reset-logs`: after a restore, starts a new log epoch for every stream, in DATA_DIR or in
 * a table on AWS. A deployed stage must be read-only. Without --yes, it prints what it would do.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Stage, stageNamed } from "../../lib/stages/stages.ts";
import { findEndpoint } from "../../local/aws/index.ts";
import { listLogs } from "../../platform/store/log/log-reset.ts";
import { findReadOnly, type TableHandle } from "../../platform/table/layout.ts";
import { useTable } from "../../platform/table/table.ts";
import { openTableHandle, tableOptions } from "../aws/table.ts";
import { assertStageOption, runOnStage } from "./stage-command.ts";
import { resetLogs } from "./stream-logs.ts";

const usage = `Usage: npm run reset-logs -- [--stage NAME] [--table NAME] [--yes]

Starts a new epoch of every stream's log, so that clients subscribe again, for
example after a backup was restored. Nothing may use the data meanwhile.
Without a stage: the data of DATA_DIR.

  --stage NAME  a deployed stage, which has to be read-only
  --table NAME  a table by its name; with --stage it must be that stage's
  --yes         does it; otherwise, this only prints what it would do`;

function readArguments() {
  const options = { ...tableOptions, yes: { type: "boolean", default: false } } as const;
  const { values } = parseArgs({ options });
  assertStageOption(values.stage);
  return values;
}

async function run(values: ReturnType<typeof readArguments>): Promise<void> {
  const dataDirectory = process.env.DATA_DIR || ".data";
  const deployed = values.table ?? values.stage;
  const name = values.stage ?? (deployed === undefined ? process.env.STAGE : undefined);
  const stage = stageNamed(name || undefined);
  const { handle, close } = await openTableHandle(values);
  process.env.TABLE_NAME = handle.tableName;
  // Writes although the table is read-only, since no one else can write meanwhile.
  useTable(handle.client);
  try {
    // Checked only now: opening the table has waited for a system that was starting.
    if (deployed === undefined && (await findEndpoint(dataDirectory)))
      throw new Error(`Ovation is running on ${dataDirectory}: stop it before you reset its logs.`);
    if (values.yes && values.stage !== undefined && values.table === undefined)
      await waitUntilForgotten(handle, values.stage);
    await reset(stage, deployed ?? dataDirectory, values.yes);
  } finally {
    await close();
  }
}

/**
 * Seconds after which no function of a read-only stage uses what it remembers of a log: the last
 * write, and the longest time that platform/push/push-cache.ts keeps a log unread.
 */
const rememberedSeconds = 70;

/** Rejects if the stage is not read-only. */
async function waitUntilForgotten(handle: TableHandle, stage: string): Promise<void> {
  const since = await findReadOnly(handle);
  if (since === undefined)
    throw new Error(
      `${handle.tableName} is in use: run npm run read-only -- ${stage} first, and ` +
        `npm run writable -- ${stage} afterwards.`,
    );
  const forgottenAt = Date.parse(since) + rememberedSeconds * 1_000;
  await pause(Math.max(0, forgottenAt - Date.now()));
}

async function reset(stage: Stage, where: string, isConfirmed: boolean): Promise<void> {
  const describe = (count: number) => `${count} ${count === 1 ? "log" : "logs"} of ${where}`;
  if (!isConfirmed) {
    const logs = describe((await listLogs()).length);
    console.log(
      `${logs} would be reset: clients lose their positions and subscribe again. Messages and money ` +
        "are kept. Nothing may use the table meanwhile. Nothing was changed; add --yes to reset.",
    );
    process.exitCode = 1;
    return;
  }
  console.log(`${describe(await resetLogs(stage))} reset.`);
}

await runOnStage({ usage, read: readArguments, run });
