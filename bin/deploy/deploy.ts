/**
 * `npm run deploy -- dev`: bundles and deploys every stack of a stage to the caller's AWS account.
 * Checks the stage and the account first, and reports all problems.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Domain, originOf } from "../../lib/stages/domain.ts";
import { stageNames } from "../../lib/stages/stages.ts";
import packageJson from "../../package.json" with { type: "json" };
import { IssuerMismatch, TableMismatch } from "../../platform/table/layout.ts";
import { findIssuer } from "../aws/outputs.ts";
import { deployedCallers } from "../aws/signed-caller.ts";
import { claimDeployedTable } from "../aws/table.ts";
import { build } from "../build/build.ts";
import { cdkCommand, contextOf, profileOf } from "../build/cdk.ts";
import { outputsFileOf, readOutputs } from "../cli/target.ts";
import { answerHelp, readStage } from "../operate/stage-command.ts";
import type { Finding } from "./finding.ts";
import { checkStage, checkStageAccount } from "./preflight.ts";
import { publishPages } from "./publish-pages.ts";

const root = join(import.meta.dirname, "../..");
const words = process.argv.slice(2);
const given = words.slice(1);
const isSure = given.includes("--yes");
const keepsSubjects = given.includes("--same-subjects");
const own = ["--yes", "--same-subjects", "--no-canary"];
const options = [
  ...given.filter((option) => !own.includes(option)),
  ...(given.includes("--no-canary") ? ["-c", "canary=off"] : []),
];

const usage = `Usage: npm run deploy -- ${stageNames.join("|")} [--yes] [--no-canary] [--same-subjects] [options of cdk deploy]

Checks the stage and the account, then creates or updates the stage's stacks
(docs/deploying.md).

  --yes            skips the confirmation, for pipelines
  --no-canary      switches all traffic to the new version at once, whatever
                   the alarms say
  --same-subjects  accepts another issuer, whose users have the same \`sub\``;

/** Prints each finding with its fix, and exits with 2 unless all findings are unknown. */
function refuseFindings(findings: readonly Finding[]): void {
  const unknown = findings.filter(({ isUnknown }) => isUnknown);
  const known = findings.filter(({ isUnknown }) => !isUnknown);
  if (known.length > 0) console.error(`Nothing was deployed. Problems to fix: ${known.length}\n`);
  for (const { says, fix } of [...known, ...unknown]) console.error(`${says}\n  ${fix}`);
  if (known.length > 0) process.exit(2);
}

answerHelp(usage);
const stage = readStage(words, usage, (key) => contextOf(options, key));
const profile = profileOf(options);
refuseFindings([...checkStage(stage), ...(await checkStageAccount(stage, profile))]);
await claimTable("before");
await build();
const where = ["--all", "-o", `cdk.out/${stage.name}`];
// The command line reads the stage's URLs from here.
where.push("--outputs-file", outputsFileOf(stage.name));
const approval = isSure ? ["--require-approval", "never"] : [];
// CDK uses the last value, so the stage that is deployed is the one that was checked.
const all = [...where, ...approval, ...options, "-c", `stage=${stage.name}`];
const { program, given: line, env } = cdkCommand("deploy", all);
const { status } = spawnSync(program, line, { cwd: root, stdio: "inherit", env });
// Functions refuse a table without an owner, so a first deployment ends by claiming it.
if (status === 0) await claimTable("after");
process.exitCode = status ?? 1;
if (status === 0 && stage.domain !== undefined) await publish(stage.domain);

/** Uploads the pages for the stage's domain; if that fails, says what to do. */
async function publish(domain: Domain): Promise<void> {
  try {
    const bucket = readOutputs(stage.name)[`ovation-${stage.name}-host`]?.pagesbucket;
    if (bucket === undefined)
      return console.error("The pages are unchanged: no host stack was deployed");
    const callerOf = await deployedCallers({ region: stage.region, profile });
    const count = await publishPages(callerOf("s3"), bucket);
    console.log(`Pages: ${count} files at ${originOf(domain)}`);
  } catch (error) {
    console.error(`The stacks are deployed, the pages are not: ${(error as Error).message}`);
    console.error("  Deploy again; unchanged stacks take no time");
    process.exitCode = 1;
  }
}

/**
 * Claims the stage's table. Exits with 2 if it belongs to another stage, or if a version would lose
 * some of its data; without a table, a first deployment continues.
 */
async function claimTable(moment: "before" | "after"): Promise<void> {
  try {
    const where = { ...stage, profile };
    const issuer = await findIssuer(where);
    const claim = { stage: stage.name, release: packageJson.version, keepsSubjects, issuer };
    await claimDeployedTable(where, claim, moment);
  } catch (error) {
    console.error((error as Error).message);
    if (error instanceof IssuerMismatch)
      console.error("  If its users have the same `sub`, add --same-subjects");
    process.exit(error instanceof TableMismatch ? 2 : 1);
  }
}
