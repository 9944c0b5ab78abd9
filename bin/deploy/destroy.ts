/**
 * `npm run destroy -- dev`: deletes a stage's stacks from the caller's AWS account. For a stage
 * that keeps data, the table, its backups, the buckets and the logs stay, and `--really` is
 * required.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { edgeRegion } from "../../lib/stages/domain.ts";
import { type Stage, stageNames } from "../../lib/stages/stages.ts";
import { assertAccount } from "../aws/account.ts";
import { emptyBucket } from "../aws/deployed-bucket.ts";
import { outputsOf } from "../aws/outputs.ts";
import { cdkCommand, profileOf } from "../build/cdk.ts";
import {
  answerHelp,
  outliveReaders,
  readStage,
  reasonOf,
  refuse,
} from "../operate/stage-command.ts";

const root = join(import.meta.dirname, "../..");
const words = process.argv.slice(2);
const given = words.slice(1);
const isSure = given.includes("--yes");
const own = ["--really", "--yes"];
const options = given.filter((option) => !own.includes(option));

const usage = `Usage: npm run destroy -- ${stageNames.join("|")} [--really] [--yes] [options of cdk destroy]

Deletes a stage with its data, or with --really the parts of a stage that keeps
its data (docs/deploying.md).

  --really  deletes the functions, APIs and alarms of a stage that keeps its
            data
  --yes     skips the confirmation, for pipelines`;

/** Asks before the buckets are emptied: `cdk` would ask only after that. */
async function isConfirmed({ name }: Stage): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.setPrompt(`Delete the stage ${name} and all of its data (y/n)? `);
  terminal.prompt();
  const [answer = ""] = await Promise.race([once(terminal, "line"), once(terminal, "close")]);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** Empties the buckets that will be deleted; `cdk` would notice another account only later. */
async function emptyBuckets(stage: Stage): Promise<void> {
  const where = { profile: profileOf(options), region: stage.region };
  await assertAccount(stage, where.profile);
  const { data, host } = await outputsOf(stage.name, where);
  const buckets = [data, host].flatMap((outputs) =>
    Object.entries(outputs ?? {}).filter(([key]) => key.endsWith("bucket")),
  );
  for (const [, bucket] of buckets) {
    const count = await emptyBucket(bucket, where);
    console.error(`${bucket}: ${count} objects deleted`);
  }
}

outliveReaders();
answerHelp(usage);
const stage = readStage(words, usage);
if (stage.keepData && !given.includes("--really"))
  refuse(
    `${stage.name} keeps its data. With --really, its functions, APIs and alarms are deleted;\n` +
      "the table, its backups, the buckets, the user pool and the logs are kept.",
    usage,
  );
try {
  if (!stage.keepData) {
    if (!isSure && !(await isConfirmed(stage))) throw new Error("not confirmed");
    await emptyBuckets(stage);
  }
} catch (error) {
  console.error(`Nothing was deleted: ${reasonOf(error as Error)}`);
  process.exit(1);
}
// By name, because the stack of the account's role belongs to all stages.
const which = [`ovation-${stage.name}-*`, ...(isSure || !stage.keepData ? ["--force"] : [])];
// CDK uses the last value, so the stage that is deleted is the one that was checked.
const all = [...which, ...options, "-c", `stage=${stage.name}`];
const { program, given: line, env } = cdkCommand("destroy", all);
process.exitCode = spawnSync(program, line, { cwd: root, stdio: "inherit", env }).status ?? 1;
if (process.exitCode === 0) await reportLeft(stage);

/**
 * Names stacks that `cdk` has left: those of a relay, a domain or a pool, for example, which the
 * stage had earlier.
 */
async function reportLeft({ name, region }: Stage): Promise<void> {
  const profile = profileOf(options);
  const left = new Map<string, string>();
  try {
    for (const there of new Set([region, edgeRegion]))
      for (const stack of Object.keys(await outputsOf(name, { profile, region: there }))) {
        const place = there === region ? "" : ` --region ${there}`;
        if (!left.has(stack)) left.set(stack, place);
      }
  } catch (error) {
    console.error(`Not checked whether stacks of ${name} are left: ${reasonOf(error as Error)}`);
  }
  for (const [stack, place] of left) {
    const full = `ovation-${name}-${stack}`;
    console.error(`Still deployed, since the settings of ${name} no longer have it: ${full}`);
    console.error(`  aws cloudformation delete-stack --stack-name ${full}${place}`);
    process.exitCode = 1;
  }
}
