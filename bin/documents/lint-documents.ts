/** Lints docs/openapi.json and docs/asyncapi.json by their specifications (`redocly.yaml`). */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const linter = join(root, "node_modules/@redocly/cli/bin/cli.js");
// Disable telemetry and update checks.
const withoutTelemetry = { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
const { status } = spawnSync(process.execPath, [linter, "lint", "--format=stylish"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, ...withoutTelemetry },
});
process.exitCode = status ?? 1;
