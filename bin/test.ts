/** `npm test [paths and options of jest]`: its last line is `N passed, N failed`. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { build } from "./build.ts";
import {
  failuresOf,
  filesToRepeat,
  type Outcome,
  outcomeOf,
  type Report,
  withSecondTry,
} from "./test-outcome.ts";

const root = join(import.meta.dirname, "..");
const results = join(root, ".cache/test-results.json");

/** The black-box tests that pass with the SDK's own clients in the functions too (decision 40). */
const alsoWithSdk = ["test/api/gifts.test.ts"];

/** Runs jest on this Node, with more in its environment; its exit code. */
function runJest(options: readonly string[], env: Record<string, string> = {}): number {
  // Jest loads ES modules only with this flag; Node itself strips the types.
  const flags = ["--experimental-vm-modules", "--no-warnings"];
  const jest = join(root, "node_modules/jest/bin/jest.js");
  const report = ["--json", `--outputFile=${results}`];
  // Three at a time on two processors: most tests wait for a system. A test that leaves a server
  // behind has failed by then, and must not keep the run from ending.
  const course = ["--maxWorkers=3", "--forceExit"];
  const { status } = spawnSync(
    process.execPath,
    [...flags, jest, ...report, ...course, ...options],
    {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        ...env,
        PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
      },
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

/**
 * What jest came to, with a second try of what failed if `SECOND_TRY=on` asks for it; without a report
 * nothing is known but that it failed. A run with options of jest (`-t name`) is tried once: a
 * second one by its files alone would be another run.
 */
function run(options: readonly string[], env?: Record<string, string>): Outcome {
  const first = runAndRead(options, env);
  if (first === undefined) return { passed: 0, failed: 1 };
  const hasOptions = options.some((option) => option.startsWith("-"));
  const files = process.env.SECOND_TRY === "on" && !hasOptions ? filesToRepeat(first) : [];
  const second = files.length > 0 ? runAndRead(["--runTestsByPath", ...files], env) : undefined;
  if (second === undefined) return outcomeOf(first);
  const stillFailed = new Set(failuresOf(second));
  for (const name of failuresOf(first))
    if (!stillFailed.has(name)) console.log(`Passed at the second try only: ${name}`);
  return withSecondTry(first, second);
}

function runAndRead(options: readonly string[], env?: Record<string, string>): Report | undefined {
  rmSync(results, { force: true });
  const status = runJest(options, env);
  const report = readReport();
  if (report === undefined) console.error("Jest ended without a report");
  const isSilent = report !== undefined && status !== 0 && outcomeOf(report).failed === 0;
  if (isSilent) console.error(`Jest ended with ${status} though no test has failed`);
  return isSilent ? undefined : report;
}

await build();
mkdirSync(join(root, ".cache"), { recursive: true });
const options = process.argv.slice(2);
const runs = [run(options)];
// Whoever asks for some tests, for other clients or for a deployed stage gets just that.
const isWhole = options.length === 0 && !process.env.AWS_CLIENT && !process.env.API_URL;
if (isWhole) runs.push(run(alsoWithSdk, { AWS_CLIENT: "sdk" }));
const sum = (of: "passed" | "failed") => runs.reduce((total, one) => total + one[of], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
const isGood = runs.every(({ passed, failed }) => passed > 0 && failed === 0);
process.exitCode = isGood ? 0 : 1;
