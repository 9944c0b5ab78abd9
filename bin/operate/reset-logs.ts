/**
 * `npm run reset-logs`: after a restore, starts a new log epoch for every stream, in DATA_DIR or in
 * a table on AWS. Without --yes it only prints what it would do.
 */
import { parseArgs } from "node:util";
import { findEndpoint } from "../../local/aws/index.ts";
import { listLogs } from "../../platform/store/log/log-reset.ts";
import { isOtherData, openTable, tableOptions } from "../aws/table.ts";
import { startLogsAgain } from "./logs-again.ts";

const usage =
  "npm run reset-logs -- [--stage NAME] [--table NAME] --yes   (else: that of DATA_DIR)";

try {
  const { values } = parseArgs({
    options: { ...tableOptions, yes: { type: "boolean", default: false } },
  });
  const dataDirectory = process.env.DATA_DIR || ".data";
  const deployed = values.table ?? values.stage;
  if (deployed === undefined && (await isServed(dataDirectory)))
    throw new Error(`Ovation runs on ${dataDirectory}: stop it before its logs are reset.`);
  const close = await openTable(values);
  try {
    await reset(deployed ?? dataDirectory, values.yes);
  } finally {
    await close();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (!isOtherData(error)) console.error(usage);
  process.exitCode = isOtherData(error) ? 2 : 1;
}

/** Whether a system is still running on this data directory. */
async function isServed(dataDirectory: string): Promise<boolean> {
  const note = findEndpoint(dataDirectory);
  if (note === undefined) return false;
  return fetch(note.url).then(
    () => true,
    () => false,
  );
}

async function reset(where: string, isMeant: boolean): Promise<void> {
  const say = (count: number) => `${count} ${count === 1 ? "log" : "logs"} of ${where}`;
  if (!isMeant) {
    console.log(
      `${say((await listLogs()).length)} would start again: what clients have seen of them counts no more, and ` +
        "their subscriptions are removed, so that each client asks again. Messages and money stay. " +
        "Nothing may run on the table meanwhile. Nothing was changed: say --yes.",
    );
    process.exitCode = 1;
    return;
  }
  console.log(`${say(await startLogsAgain())} started again.`);
}
