/**
 * `npm run bench:mutants [-- --check] [-- part of a name …]`: plants one fault after the other into
 * a copy of the project and runs the tests that should see it. One of them has to turn red each
 * time; exit code 1 otherwise. Tests that stay green with a fault in money or in the push prove
 * less than they claim. `--check` only looks whether all faults can still be planted.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { print } from "./figures.ts";
import { mutants } from "./mutants/list.ts";
import { type Mutant, plant, problemOf } from "./mutants/mutant.ts";

const root = join(import.meta.dirname, "../..");
/** A fault that makes an endless loop is seen by this: no run without one takes so long. */
const runMillisecondsMax = 3 * 60_000;
const baselineMillisecondsMax = 20 * 60_000;

/** The files under version control or about to be, in a folder of their own. */
function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "ovation-mutants-"));
  const options = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const { stdout } = spawnSync("git", options, { cwd: root, encoding: "utf8" });
  const files = stdout.split("\n").filter((file) => file !== "" && existsSync(join(root, file)));
  for (const file of files) cpSync(join(root, file), join(copy, file), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** As much of jest's report as says what was seen. */
type Report = {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    message: string;
    assertionResults: { title: string; status: string }[];
  }[];
};

/** The names of the tests that turned red; throws where tests could not be run at all. */
function redTests(
  copy: string,
  { tests, only }: Pick<Mutant, "tests" | "only">,
  timeout = runMillisecondsMax,
): string[] {
  const report = join(copy, ".report.json");
  rmSync(report, { force: true });
  // The tests of the list need no bundles, so that nothing is built.
  const flags = ["--experimental-vm-modules", "--no-warnings", "node_modules/jest/bin/jest.js"];
  const options = ["--json", `--outputFile=${report}`, "--runInBand", "--silent"];
  const names = only === undefined ? [] : ["--testNamePattern", only];
  const { signal } = spawnSync(process.execPath, [...flags, ...options, ...names, ...tests], {
    cwd: copy,
    timeout,
    stdio: "ignore",
    env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` },
  });
  if (signal !== null) return ["(the run did not end)"];
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(
    readFileSync(report, "utf8"),
  ) as Report;
  const unread = testResults.find(
    ({ message, assertionResults }) => message && !assertionResults[0],
  );
  if (unread !== undefined) throw new Error(`Tests could not be run: ${unread.message}`);
  if (numPassedTests + numFailedTests === 0) throw new Error(`No test has the name ${only}`);
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  return all.filter(({ status }) => status === "failed").map(({ title }) => title);
}

const seconds = (since: number) => Math.round((performance.now() - since) / 1000);

function tryOne(copy: string, mutant: Mutant) {
  const path = join(copy, mutant.file);
  const text = readFileSync(path, "utf8");
  const began = performance.now();
  writeFileSync(path, plant(text, mutant));
  try {
    const [first] = redTests(copy, mutant);
    return { seconds: seconds(began), result: first === undefined ? "SURVIVED" : "caught", first };
  } finally {
    writeFileSync(path, text);
  }
}

function run(chosen: readonly Mutant[]): void {
  const copy = copyProject();
  try {
    const tests = [...new Set(chosen.flatMap((mutant) => mutant.tests))];
    const red = redTests(copy, { tests }, baselineMillisecondsMax);
    if (red.length > 0) throw new Error(`Red without any fault: ${red.join("; ")}`);
    const began = performance.now();
    const rows = chosen.map((mutant) => {
      const { first = "", ...row } = tryOne(copy, mutant);
      console.log(`${row.result}  ${mutant.says} (${row.seconds} s)  ${first}`);
      return { fault: mutant.says, file: mutant.file, ...row };
    });
    const caught = rows.filter(({ result }) => result === "caught").length;
    print(`${caught} of ${rows.length} faults caught, in ${seconds(began)} s`, rows);
    if (caught < rows.length) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const given = process.argv.slice(2);
const wanted = given.filter((word) => word !== "--check");
const chosen = mutants.filter(
  ({ says, file }) =>
    wanted.length === 0 || wanted.some((part) => `${file} ${says}`.includes(part)),
);
const problems = chosen.flatMap((mutant) => problemOf(root, mutant) ?? []);
for (const problem of problems) console.error(problem);
if (problems.length > 0 || chosen.length === 0) process.exitCode = 1;
else if (given.includes("--check")) console.log(`${chosen.length} faults can be planted`);
else run(chosen);
