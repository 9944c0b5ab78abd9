/**
 * `npm run read-only -- prod`: makes the stage's data read-only, within ten seconds; `npm run
 * writable -- prod` reverts it. Without a stage: the data of DATA_DIR.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { stageNamed, stageNames } from "../../lib/stages/stages.ts";
import { makeReadOnly, makeWritable, readOnlySeconds } from "../../platform/table/read-only.ts";
import { switchMappings } from "../aws/mappings.ts";
import { openTableHandle } from "../aws/table.ts";
import { readPositive, readStageName, runOnStage } from "./stage-command.ts";

const usage = `Usage: npm run read-only -- [${stageNames.join("|")}]
       npm run writable -- [${stageNames.join("|")}]

read-only makes a stage refuse every change with 503, for example before its
table is restored; writable ends that. Without a stage: the data of DATA_DIR.

  --every MS   milliseconds between checks of AWS (default 1000)`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { writable: { type: "boolean", default: false }, every: { type: "string" } },
  });
  const name = readStageName(positionals);
  const everyMilliseconds = readPositive("every", values.every, 1_000);
  const stage = name === undefined ? undefined : stageNamed(name);
  return { stage, isWritable: values.writable, everyMilliseconds };
}

async function run({ stage, isWritable, everyMilliseconds }: ReturnType<typeof readArguments>) {
  const { handle, close } = await openTableHandle({ stage: stage?.name });
  const { tableName } = handle;
  try {
    if (isWritable) {
      await makeWritable(handle);
      console.log(`${tableName} is writable`);
    } else {
      const since = await makeReadOnly(handle, new Date());
      console.log(`${tableName} is read-only since ${since}; all functions notice within seconds`);
    }
    const until = Date.now() + (isWritable ? 0 : readOnlySeconds * 1_000);
    if (stage !== undefined) {
      const count = await switchMappings(stage, isWritable, everyMilliseconds);
      console.log(`${count} event sources ${isWritable ? "enabled" : "disabled"}`);
    }
    await pause(Math.max(0, until - Date.now()));
    if (!isWritable) console.log(`${tableName} receives no more writes`);
  } finally {
    await close();
  }
}

await runOnStage({ usage, read: readArguments, run });
