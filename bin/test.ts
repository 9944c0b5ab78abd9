/** `npm test [paths and options of jest]`: its last line is `N passed, N failed`. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.ts";

const root = join(import.meta.dirname, "..");
const results = join(root, ".cache/test-results.json");

/** As much of jest's report as is counted. A file that does not load has no failed tests. */
type Report = { numPassedTests: number; numFailedTests: number; numRuntimeErrorTestSuites: number };

/** Runs jest on this Node; its exit code. */
function runJest(options: readonly string[]): number {
  // Jest loads ES modules only with this flag; Node itself strips the types.
  const flags = ["--experimental-vm-modules", "--no-warnings"];
  const jest = join(root, "node_modules/jest/bin/jest.js");
  const report = ["--json", `--outputFile=${results}`];
  // Two at a time: most tests wait for a system. A test that leaves a server behind has failed by
  // then, and must not keep the run from ending.
  const course = ["--maxWorkers=2", "--forceExit"];
  const { status } = spawnSync(
    process.execPath,
    [...flags, jest, ...report, ...course, ...options],
    {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` },
    },
  );
  return status ?? 1;
}

function readReport(): Report | undefined {
  try {
    return JSON.parse(readFileSync(results, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

await build();
mkdirSync(join(root, ".cache"), { recursive: true });
rmSync(results, { force: true });
const status = runJest(process.argv.slice(2));
const report = readReport();
if (report === undefined) console.error("Jest ended without a report");
const passed = report?.numPassedTests ?? 0;
const failed = report === undefined ? 1 : report.numFailedTests + report.numRuntimeErrorTestSuites;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : status;
