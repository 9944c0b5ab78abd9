/**
 * `npm run deploy -- dev`: bundles and deploys every stack of a stage with the caller's AWS
 * account. A stage that keeps data is refused while it holds placeholders.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { placeholdersOf, stageOf } from "../lib/stages.ts";
import { LayoutMismatch } from "../platform/table/layout.ts";
import { build } from "./build.ts";
import { cdkCommand } from "./cdk.ts";
import { outputsFileOf } from "./cli/target.ts";
import { prepareDeployedTable } from "./table.ts";

const root = join(import.meta.dirname, "..");
const [name, ...options] = process.argv.slice(2);

/** Says what is wrong and how it is used. */
function refuse(problem: string): never {
  console.error(`${problem}\nUsage: npm run deploy -- dev|prod [options of cdk deploy]`);
  process.exit(2);
}

if (name === undefined || name.startsWith("-")) refuse("Which stage?");
try {
  const placeholders = placeholdersOf(stageOf((key) => (key === "stage" ? name : undefined)));
  if (placeholders.length > 0)
    refuse([...placeholders, "Give them values of your own in lib/stages.ts."].join("\n"));
} catch (error) {
  refuse((error as Error).message);
}
await prepareDeployed(name, options);
await build();
const where = ["--all", "-c", `stage=${name}`, "-o", `cdk.out/${name}`];
// Where the commands of the command line find the stage.
where.push("--outputs-file", outputsFileOf(name));
const { program, given, env } = cdkCommand("deploy", [...where, ...options]);
const { status } = spawnSync(program, given, { cwd: root, stdio: "inherit", env });
// Functions serve no table that does not say its layout, so a first deploy ends with saying it.
if (status === 0) await prepareDeployed(name, options);
process.exitCode = status ?? 1;

/** Exits with 2 where the stage's table has data of another layout; without a table it goes on. */
async function prepareDeployed(stage: string, given: readonly string[]): Promise<void> {
  try {
    await prepareDeployedTable(stage, given);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(error instanceof LayoutMismatch ? 2 : 1);
  }
}
