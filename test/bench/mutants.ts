/**
 * `npm run bench:mutants -- FOLDER`, such as `domain/money`: Stryker changes one place after the
 * other, and the tests that run in one process must fail. Without `--all` it mutates only lines
 * that changed since `--since` (origin/main). `--minutes` (10) limits the run; `--tests` selects
 * test files by a part of their path. A survivor that is listed means that a test is missing, or
 * that the mutation has no effect.
 *
 * Stryker is not a dependency (docs/decisions/tests-and-tooling.md): npx installs it.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { isSlow } from "../kinds.ts";
import { readCommand, readNumbers, refuse } from "./command.ts";
import { print } from "./figures.ts";

/** The newest release of both packages. */
const version = "10.0.0";
const root = join(import.meta.dirname, "../..");
const folder = ".cache/mutants";
const linesFile = join(root, folder, "tried.jsonl");

/** A mutant as Stryker reports it. Lines and columns count from 1. */
type Mutant = {
  fileName: string;
  status: "Killed" | "Timeout" | "Survived" | "NoCoverage" | "RuntimeError" | "Ignored";
  replacement: string;
  mutatorName: string;
  location: { start: { line: number; column: number }; end: { line: number; column: number } };
};

function git(...given: string[]): string[] {
  const { status, stdout, stderr } = spawnSync("git", given, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

/** The lines of a file or folder that changed since a commit, in Stryker's form `file:from-to`. */
function changedLines(source: string, since: string): string[] {
  const base = git("merge-base", since, "HEAD")[0]!;
  const found: string[] = [];
  let file = "";
  for (const line of git("diff", "--unified=0", base, "--", source)) {
    if (line.startsWith("+++ ")) file = line.slice("+++ b/".length);
    const [, from, count = "1"] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (from === undefined || count === "0" || !file.endsWith(".ts")) continue;
    found.push(`${file}:${from}-${Number(from) + Number(count) - 1}`);
  }
  return [...found, ...git("ls-files", "--others", "--exclude-standard", "--", source)];
}

/** The files that a file imports by a relative path. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^(?:import|export|\}).* from "(\.[^"]+\.ts)";$/gm)]
    .map(([, path]) => join(dirname(file), path!))
    .filter((path) => existsSync(join(root, path)));
}

/** Whether a file imports one of these directly, or through one other file. */
const isNear = (file: string, files: readonly string[]) =>
  importsOf(file).some(
    (one) => files.includes(one) || importsOf(one).some((two) => files.includes(two)),
  );

/**
 * The test files that import the mutated `files` (see `isNear`), or mirror their folder under
 * `test/`. Tests that start a system and slow tests are left out, because each test runs for every
 * mutant that it reaches.
 */
function listTests(source: string, files: readonly string[], withSdk: boolean): string[] {
  return globSync("test/{domain,platform,client,local,cloud}/**/*.test.ts", { cwd: root })
    .filter((file) => withSdk || !file.startsWith("test/platform/aws/"))
    .filter((file) => !isSlow(file))
    .filter(
      (file) => !importsOf(file).some((one) => /\b(system|shared|pages|templates)\.ts$/.test(one)),
    )
    .filter((file) => file.startsWith(`test/${source}/`) || isNear(file, files));
}

/** Stryker's configuration. */
function configOf(mutate: readonly string[], tests: readonly string[], withSdk: boolean) {
  const { projects } = JSON.parse(readFileSync(join(root, "jest.config.json"), "utf8"));
  const name = withSdk ? "rooms" : "platform";
  const own = projects.find(({ displayName }: { displayName: string }) => displayName === name);
  const testMatch = tests.map((file) => `<rootDir>/${file}`);
  return {
    plugins: ["@stryker-mutator/jest-runner", join(import.meta.dirname, "mutant-reporter.ts")],
    reporters: ["lines"],
    mutate,
    testRunner: "jest",
    coverageAnalysis: "perTest",
    tempDirName: `${folder}/copy`,
    allowEmpty: true,
    checkers: [],
    cleanTempDir: "always",
    timeoutMS: 60_000,
    dryRunTimeoutMinutes: 30,
    ignoreStatic: true,
    concurrency: Math.max(1, availableParallelism() - 1),
    // Stryker would rewrite the paths of tsconfig.json, and need TypeScript for that.
    tsconfigFile: "none",
    ignorePatterns: ["/.cache", "/cdk.out", "/dist"],
    testRunnerNodeArgs: ["--experimental-vm-modules", "--no-warnings"],
    jest: {
      projectType: "custom",
      enableFindRelatedTests: false,
      config: {
        ...own,
        testMatch,
        testPathIgnorePatterns: [],
        projects: [],
        // Stryker replaces this one by its own, which notes what each test reaches.
        testEnvironment: "node",
      },
    },
  };
}

/** Runs Stryker until it finishes or its time is up. */
async function runStryker(config: object, minutes: number): Promise<void> {
  rmSync(join(root, folder), { recursive: true, force: true });
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, "config.json"), JSON.stringify(config, null, 2));
  const packages = ["core", "jest-runner"].map(
    (one) => `--package=@stryker-mutator/${one}@${version}`,
  );
  const command = ["--yes", ...packages, "--", "stryker", "run", `${folder}/config.json`];
  const path = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
  const child = spawn("npx", command, {
    cwd: root,
    stdio: "inherit",
    detached: true,
    env: { ...process.env, PATH: path, MUTANTS_FILE: linesFile, CI: "" },
  });
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGTERM"), minutes * 60_000);
  process.once("SIGINT", () => process.kill(-child.pid!, "SIGTERM"));
  await new Promise((done) => child.once("close", done));
  clearTimeout(timer);
}

const percentOf = (part: number, whole: number) => Math.round((100 * part) / Math.max(1, whole));

function report(source: string): void {
  if (!existsSync(linesFile)) {
    console.error("Stryker tested no mutant: try more --minutes, or fewer tests with --tests");
    process.exit(1);
  }
  const tried = readFileSync(linesFile, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Mutant);
  const countOf = (...statuses: Mutant["status"][]) =>
    tried.filter(({ status }) => statuses.includes(status)).length;
  const seen = countOf("Killed", "Timeout");
  const reached = seen + countOf("Survived");
  const rows = tried
    .filter(({ status }) => status === "Survived")
    .map(({ fileName, location, mutatorName, replacement }) => ({
      place: `${fileName.replace(`${root}/`, "")}:${location.start.line}:${location.start.column}`,
      mutator: mutatorName,
      replacement: replacement.replace(/\s+/g, " ").slice(0, 80),
    }));
  print(`${source}: ${seen} of ${reached} mutants seen (${percentOf(seen, reached)} %)`, rows);
  console.log(`${countOf("NoCoverage")} more are not reached by any test in one process`);
}

const usage =
  "npm run bench:mutants -- FOLDER [--all] [--since COMMIT] [--minutes N] [--tests PART]\n" +
  "  FOLDER: a folder or file, such as domain/money";
const { values, names } = readCommand(usage, {
  all: { type: "boolean" },
  since: { type: "string" },
  minutes: { type: "string" },
  tests: { type: "string" },
});
const { since = "origin/main", tests: part = "" } = values;
const minutes = readNumbers(values.minutes, usage)?.[0] ?? 10;
const [source] = names;
if (source === undefined) refuse("Expected a folder", usage);
const mutate = values.all
  ? git("ls-files", "--cached", "--others", "--exclude-standard", "--", source).filter((file) =>
      file.endsWith(".ts"),
    )
  : changedLines(source, since);
if (mutate.length === 0) {
  console.log(`Nothing in ${source} has changed since ${since}; --all tries all of it`);
} else {
  // The tests of other folders use our own AWS clients in place of the SDK's (jest.config.json).
  const withSdk = !/^(domain|platform(?!\/aws))(\/|$)/.test(source);
  const files = [...new Set(mutate.map((one) => one.replace(/:\d+-\d+$/, "")))];
  const tests = listTests(source, files, withSdk).filter((file) => file.includes(part));
  console.log(`${tests.length} test files: ${tests.join(" ")}`);
  await runStryker(configOf(mutate, tests, withSdk), minutes);
  report(source);
}
