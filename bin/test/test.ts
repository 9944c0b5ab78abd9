/** `npm test [options] [paths]`: its last line is `N passed, N failed, N skipped`. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { openShared } from "../../test/shared-server.ts";
import { buildAssembly } from "../build/assembly.ts";
import { build } from "../build/build.ts";
import { buildWeb } from "../build/build-web.ts";
import { groupFiles, removeGroups } from "./file-groups.ts";
import { chooseFiles, listLeftFiles, listSocketFiles } from "./test-files.ts";
import { readTestOptions, type TestOptions, usage } from "./test-options.ts";
import {
  broken,
  isGreen,
  lineOf,
  type Outcome,
  outcomeOf,
  type Report,
  sumOf,
} from "./test-outcome.ts";

const root = join(import.meta.dirname, "../..");

type Env = Record<string, string>;

/** Black-box tests that `--all` runs once more, on a system with other settings. */
const again: { files(): string[]; env: Env }[] = [
  // The SDK's clients in the functions (docs/decisions/code-structure.md).
  { files: () => ["test/api/gifts.test.ts"], env: { AWS_CLIENT: "sdk" } },
  // The same sockets at a relay (docs/decisions/relay.md).
  { files: listSocketFiles, env: { RELAY: "on" } },
];

/** Files that run in parallel: four on two processors, since files also wait. */
const workers = Math.max(4, Math.min(6, availableParallelism()));

/** The processes of jest that have not ended. */
const running = new Set<ChildProcess>();
/** Whether a signal is ending this program: no further jest may start, since it would stay. */
let isEnding = false;

type JestOptions = {
  terminal?: "ignore" | "inherit";
  /** Receives its output, which goes to the terminal otherwise. */
  output?: string[] | undefined;
  /** The file with its results, if it has to end after writing it. */
  report?: string;
};

/** How long jest may run after its report: what a failed test leaves open would keep it. */
const endSeconds = 30;

/** Ends jest if it does not end soon after its report. */
function endAfter(report: string, child: ChildProcess): void {
  const looking = setInterval(() => {
    if (!existsSync(report)) return;
    clearInterval(looking);
    const late = setTimeout(() => {
      console.error(`Jest did not end within ${endSeconds} s: a test has left something open`);
      child.kill("SIGTERM");
    }, endSeconds * 1000);
    child.once("close", () => clearTimeout(late));
  }, 1000);
  child.once("close", () => clearInterval(looking));
}

/** Runs jest on this Node with additional environment variables; resolves with its exit code. */
function runJest(
  options: readonly string[],
  env: Env,
  { terminal = "ignore", output, report }: JestOptions = {},
) {
  if (isEnding) return new Promise<number>(() => {});
  // Jest loads ES modules only with this flag; Node itself strips the types.
  const flags = ["--experimental-vm-modules", "--no-warnings"];
  const jest = join(root, "node_modules/jest/bin/jest.js");
  const child = spawn(process.execPath, [...flags, jest, ...options], {
    cwd: root,
    stdio: [terminal, terminal, output ? "pipe" : "inherit"],
    env: {
      ...process.env,
      ...env,
      PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
    },
  });
  running.add(child);
  if (report !== undefined) endAfter(report, child);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => output?.push(text));
  return new Promise<number>((done) =>
    child.once("close", (code) => {
      running.delete(child);
      done(code ?? 1);
    }),
  );
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

/** Whether the caller has chosen how many files run at a time. */
const choosesWorkers = ({ jest }: TestOptions) =>
  jest.some((option) => /^(-i|-w|--runInBand|--maxWorkers)\b/.test(option));

/**
 * Runs test files and counts results; without files the counts are zero. With `output`, jest writes
 * there instead of to the terminal.
 */
async function run(
  files: readonly string[],
  options: TestOptions,
  env: Env,
  workersOption: string,
  output?: string[],
): Promise<Outcome> {
  if (files.length === 0) return sumOf([]);
  // With the process's number: another `npm test` may run in this checkout.
  const name = `test-results-${process.pid}${output ? "-waiting" : ""}.json`;
  const results = join(root, ".cache", name);
  const report = ["--json", `--outputFile=${results}`];
  const own = choosesWorkers(options) ? report : [...report, workersOption];
  const given = [...own, ...options.jest, "--runTestsByPath", ...files];
  const status = await runJest(given, env, { output, report: results });
  const found = readReport(results);
  rmSync(results, { force: true });
  if (found === undefined) {
    console.error("Jest ended without a report");
    return broken;
  }
  const outcome = outcomeOf(found, options.name);
  if (status === 0 || outcome.failed > 0) return outcome;
  console.error(`Jest ended with ${status} though no test has failed`);
  return sumOf([outcome, broken]);
}

/**
 * Runs the chosen files: first the parallel ones, and those that mostly wait next to them; then
 * those that must run alone. With a given number of workers, none runs next to the parallel ones.
 */
async function runAll(options: TestOptions, env: Env): Promise<Outcome> {
  const lanes = chooseFiles(options);
  const isOneLane = choosesWorkers(options);
  const named = isOneLane ? [...lanes.parallel, ...lanes.waiting] : lanes.parallel;
  // Files that were asked for run as they are.
  const parallel = options.paths.length > 0 ? named : groupFiles(named);
  const waiting = isOneLane ? [] : lanes.waiting;
  const { alone } = lanes;
  const chosen = parallel.length + waiting.length + alone.length;
  if (chosen === 0)
    console.error(
      options.changedSince === undefined
        ? `No test file's path contains ${options.paths.join(" or ")}`
        : `What has changed since ${options.changedSince} affects no test`,
    );
  // Two processes that draw their progress at once would overwrite each other's lines.
  const output: string[] | undefined = parallel.length > 0 ? [] : undefined;
  const outcomes = await Promise.all([
    run(parallel, options, env, `--maxWorkers=${workers}`),
    run(waiting, options, env, "--runInBand", output),
  ]);
  process.stderr.write((output ?? []).join(""));
  const sum = sumOf([...outcomes, await run(alone, options, env, "--runInBand")]);
  // Options of jest may leave files out, such as --shard.
  if (sum.files >= chosen || options.jest.length > 0) return sum;
  console.error(`${chosen - sum.files} of ${chosen} chosen test files did not run`);
  return sumOf([sum, broken]);
}

const options = readTestOptions(process.argv.slice(2));
if (options.help) {
  console.log(usage);
  process.exit(0);
}
if (options.jest.includes("--listTests")) {
  console.log(Object.values(chooseFiles(options)).flat().join("\n"));
  process.exit(0);
}
mkdirSync(join(root, ".cache"), { recursive: true });
// Programs that tests start share a compile cache.
process.env.NODE_COMPILE_CACHE ??= join(root, ".cache/compiled");
// What the first systems need: starting at once, each would make its own.
if (isWhole(options))
  await Promise.all([buildAssembly("dev", new AbortController().signal), buildWeb()]);
else await build();
// Runner and tests read the keys of the Tencent application from here.
process.env.TENCENT_SECRET_KEY ??= randomBytes(32).toString("hex");
process.env.TENCENT_CALLBACK_KEY ??= randomBytes(24).toString("hex");
const shared = await openShared({ ...(options.watch && { WATCH: "on" }) });
const env = { SHARED_URL: shared.url };
// Ctrl-C also reaches jest and the systems; a signal to this process alone must end them.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, async () => {
    isEnding = true;
    for (const child of running) child.kill("SIGTERM");
    removeGroups();
    await shared.close();
    process.exit(1);
  });
try {
  if (options.watch) {
    process.exitCode = await watch(options, env);
  } else {
    const outcomes = [await runAll(options, env)];
    if (options.all && isWhole(options))
      for (const { files, env } of again) outcomes.push(await runAgain(options, files(), env));
    const sum = sumOf(outcomes);
    console.log(lineOf(sum));
    process.exitCode = isGreen(sum) ? 0 : 1;
  }
} finally {
  removeGroups();
  await shared.close();
}

/** Runs jest in watch mode, with its keys, until the user ends it. */
async function watch({ paths, jest }: TestOptions, env: Env): Promise<number> {
  // The black-box tests' system is warm at the first edit. Jest comes later: its watchers fail if
  // folders disappear meanwhile, such as those of an unfinished assembly.
  await fetch(`${shared.url}/system/api`);
  const reporters = ["default", join(root, "test/count-line.ts")];
  const reporting = reporters.map((name) => `--reporters=${name}`);
  // Without a path jest runs what the changes since the last commit affect, of the short run.
  const left = listLeftFiles().map((file) => `--testPathIgnorePatterns=${file}`);
  const chosen = paths.length > 0 ? ["--watchAll", ...paths] : ["--watch", ...left];
  return runJest([...reporting, ...jest, ...chosen], env, { terminal: "inherit" });
}

/** Whether the run includes all tests. */
function isWhole({ paths, name, changedSince }: TestOptions): boolean {
  return paths.length === 0 && name === undefined && changedSince === undefined;
}

/** Runs some black-box tests on a system with more in its environment. */
async function runAgain(options: TestOptions, files: string[], more: Env): Promise<Outcome> {
  const other = await openShared(more);
  try {
    return await run(files, options, { ...more, SHARED_URL: other.url }, `--maxWorkers=${workers}`);
  } finally {
    await other.close();
  }
}
