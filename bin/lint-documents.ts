/** Lints docs/openapi.json and docs/asyncapi.json by their specifications (`redocly.yaml`). */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const linter = join(root, "node_modules/@redocly/cli/bin/cli.js");
// Nothing is told to anybody, and nobody is asked for a newer version.
const quiet = { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
const { status } = spawnSync(process.execPath, [linter, "lint", "--format=stylish"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, ...quiet },
});
process.exitCode = status ?? 1;
