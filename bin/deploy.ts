/**
 * `npm run deploy -- dev`: bundles and deploys every stack of a stage with the caller's AWS
 * account.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { stageOf } from "../lib/stages.ts";
import { LayoutMismatch } from "../platform/store/layout.ts";
import { build } from "./build.ts";
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
  stageOf((key) => (key === "stage" ? name : undefined));
} catch (error) {
  refuse((error as Error).message);
}
await prepareDeployed(name, options);
await build();
const cdk = join(root, "node_modules/.bin/cdk");
const out = `cdk.out/${name}`;
const given = ["deploy", "--all", "--no-notices", "-c", `stage=${name}`, "-o", out, ...options];
const { status } = spawnSync(process.execPath, [cdk, ...given], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` },
});
// Functions serve no table that does not say its layout, so a first deploy ends with saying it.
if (status === 0) await prepareDeployed(name, options);
process.exitCode = status ?? 1;

/** Ends with 2 where the stage's table has data of another layout; none yet is no matter. */
async function prepareDeployed(stage: string, given: readonly string[]): Promise<void> {
  try {
    await prepareDeployedTable(stage, given);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(error instanceof LayoutMismatch ? 2 : 1);
  }
}
