/**
 * `npm run reset-logs`: after a restore, starts a new log epoch for every stream, in DATA_DIR or in
 * a table on AWS. Without --yes it only prints what it would do.
 */
import { parseArgs } from "node:util";
import { type Stage, stageOf } from "../../lib/stages/stages.ts";
import { endpointNote } from "../../local/aws/index.ts";
import { listLogs } from "../../platform/store/log/log-reset.ts";
import { openTable, tableOptions } from "../aws/table.ts";
import { runOnStage } from "./stage-command.ts";
import { resetLogs } from "./stream-logs.ts";

const usage = "npm run reset-logs -- [--stage NAME] [--table NAME] --yes   (default: DATA_DIR)";

const readGiven = () =>
  parseArgs({ options: { ...tableOptions, yes: { type: "boolean", default: false } } }).values;

async function run(values: ReturnType<typeof readGiven>): Promise<void> {
  const dataDirectory = process.env.DATA_DIR || ".data";
  const deployed = values.table ?? values.stage;
  if (deployed === undefined && (await isServed(dataDirectory)))
    throw new Error(`Ovation is running on ${dataDirectory}: stop it before you reset its logs.`);
  const name = values.stage ?? (deployed === undefined ? process.env.STAGE : undefined);
  const stage = stageOf((key) => (key === "stage" ? name || undefined : undefined));
  const close = await openTable(values);
  try {
    await reset(stage, deployed ?? dataDirectory, values.yes);
  } finally {
    await close();
  }
}

/** Whether a system is still running on this data directory. */
async function isServed(dataDirectory: string): Promise<boolean> {
  const note = endpointNote.read(dataDirectory);
  if (note === undefined) return false;
  return fetch(note.url).then(
    () => true,
    () => false,
  );
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

await runOnStage({ usage, read: readGiven, run });
