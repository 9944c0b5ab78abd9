/** `npm run synth [-- STAGE …]`: writes the stages' templates to cdk.out; default: dev and prod. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { stageNames } from "../../lib/stages/stages.ts";
import { build } from "./build.ts";
import { cdkCommand } from "./cdk.ts";

const root = join(import.meta.dirname, "../..");
const stages = process.argv.slice(2);
const unknown = stages.find((stage) => !stageNames.includes(stage));
if (unknown !== undefined) {
  console.error(`Expected stages, found '${unknown}'`);
  console.error(`Usage: npm run synth [-- ${stageNames.join(" ")}]   (default: dev prod)`);
  process.exit(2);
}

await build();
for (const stage of stages.length > 0 ? stages : ["dev", "prod"]) {
  const options = ["-q", "-c", `stage=${stage}`, "-o", `cdk.out/${stage}`];
  const { program, given, env } = cdkCommand("synth", options);
  const { status } = spawnSync(program, given, { cwd: root, stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}
