/**
 * `npm run migrate -- prod`: converts older data to the current form, in a stage's table or in
 * DATA_DIR. It can be stopped and repeated at any time.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { stageNamed, stageNames } from "../../lib/stages/stages.ts";
import { forms } from "../../platform/table/layout.ts";
import { migrate, migrations } from "../../platform/table/migrate.ts";
import { openTableHandle } from "../aws/table.ts";
import { readPositive, readStageName, runOnStage } from "./stage-command.ts";

/** The share of a stage's writes that a migration may use, and the units if a stage sets none. */
const share = 0.1;
const writesOtherwise = 4_000;

const usage = `Usage: npm run migrate -- [${stageNames.join("|")}]

Migrates the table's data to the form that this version writes, while the stage
runs; it can be stopped and run again (docs/deploying.md). Without a stage: the
data of DATA_DIR, which no running system may use.

  --units N   request units a second (default: a tenth of the stage's warm
              write throughput)`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { units: { type: "string" } },
  });
  const name = readStageName(positionals);
  const stage = stageNamed(name);
  const { warmThroughput, throughputMax } = stage;
  const writes = (throughputMax ?? warmThroughput)?.writes ?? writesOtherwise;
  return { name, unitsPerSecond: readPositive("units", values.units, share * writes) };
}

async function run({ name, unitsPerSecond }: ReturnType<typeof readArguments>): Promise<void> {
  const { handle, close } = await openTableHandle({ stage: name });
  try {
    const oldest = await migrate(handle, {
      migrations,
      unitsPerSecond,
      pause,
      tell: ({ from, to, seen, changed }) =>
        console.log(`Form ${from} to ${to}: ${seen} items seen, ${changed} changed`),
    });
    const reads = `this version reads forms ${forms.reads.from} to ${forms.reads.to}`;
    console.log(`${handle.tableName}: the oldest data has form ${oldest}; ${reads}`);
  } finally {
    await close();
  }
}

const advice = () => "Run it again: it continues where it stopped";
await runOnStage({ usage, read: readArguments, run, advice });
