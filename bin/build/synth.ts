/** `npm run synth [-- stages]`: the templates of the stages, dev and prod, in cdk.out. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build } from "./build.ts";
import { cdkCommand } from "./cdk.ts";

const root = join(import.meta.dirname, "../..");
const stages = process.argv.slice(2);

await build();
for (const stage of stages.length > 0 ? stages : ["dev", "prod"]) {
  const options = ["-q", "-c", `stage=${stage}`, "-o", `cdk.out/${stage}`];
  const { program, given, env } = cdkCommand("synth", options);
  const { status } = spawnSync(program, given, { cwd: root, stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}
