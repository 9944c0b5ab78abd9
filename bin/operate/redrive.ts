/** `npm run redrive`: processes parked records again, of DATA_DIR or of a deployed table. */
import { parseArgs } from "node:util";
import { stageNamed } from "../../lib/stages/stages.ts";
import { redriveBatches } from "../../platform/store/log/failed-batches.ts";
import { redriveAll } from "../../platform/store/money/redrive.ts";
import { outputsOf } from "../aws/outputs.ts";
import { openTable, type TableChoice, tableOptions } from "../aws/table.ts";
import { findLocalBatches, getDeployedBatches } from "./failed-batches.ts";
import { assertStageOption, runOnStage } from "./stage-command.ts";

const usage = `Usage: npm run redrive -- [--stage NAME] [--table NAME] [--failures BUCKET]

Processes again the gifts that were parked, and the batches of the table's
stream that failed for an hour. Without a stage: those of DATA_DIR, the batches
only while Ovation runs. Exit code 1 if something is left.

  --stage NAME       a deployed stage
  --table NAME       a table by its name; with --stage it must be that stage's
  --failures BUCKET  its bucket of failed batches (default: that of the stage)`;

type RedriveOptions = TableChoice & { failures?: string };

function readOptions(): RedriveOptions {
  const { values } = parseArgs({ options: { ...tableOptions, failures: { type: "string" } } });
  assertStageOption(values.stage);
  return values;
}

async function run(given: RedriveOptions): Promise<void> {
  const close = await openTable(given);
  try {
    const { settled, parked } = await redriveAll(new Date());
    console.log(`${settled} records settled, ${parked} still parked.`);
    const left = await retryBatches(given);
    process.exitCode = parked + left === 0 ? 0 : 1;
  } finally {
    await close();
  }
}

/** The bucket of a stage's failed batches, from its stack's outputs; undefined if there is none. */
async function findFailures(stage: string, region?: string): Promise<string | undefined> {
  return (await outputsOf(stage, { region })).data?.failuresbucket;
}

/** Failed batches of the stream: only the functions themselves can process them. */
async function retryBatches(given: RedriveOptions): Promise<number> {
  const { table, stage } = given;
  const region = stage && stageNamed(stage).region;
  const failures = given.failures ?? (stage && (await findFailures(stage, region)));
  if ((table ?? stage) !== undefined && failures === undefined) {
    console.log("Failed batches of the stream are not included: set --failures to their bucket.");
    return 0;
  }
  const batches =
    failures === undefined
      ? await findLocalBatches(process.env.DATA_DIR || ".data")
      : await getDeployedBatches(failures, region);
  if (batches === undefined) {
    console.log("Failed batches of the stream are not included: start Ovation here first.");
    return 0;
  }
  const { given: count, left } = await redriveBatches(batches);
  console.log(`${count} batches of the stream retried, ${left.length} left.`);
  for (const { name, because } of left) console.log(`${name}: ${because}`);
  return left.length;
}

await runOnStage({ usage, read: readOptions, run });
