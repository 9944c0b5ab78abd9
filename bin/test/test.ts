/** `npm test [options] [paths]`: its last line is `N passed, N failed, N skipped`. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isAlone, isTimed } from "../../test/kinds.ts";
import { openShared, type Shared } from "../../test/shared-server.ts";
import { buildAssembly } from "../build/assembly.ts";
import { build } from "../build/build.ts";
import { buildWeb } from "../build/build-web.ts";
import { groupFiles, removeGroups } from "./file-groups.ts";
import { endJest, runJest } from "./run-jest.ts";
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

/** Test files, and the environment of their jest, which names the systems that they share. */
type Batch = { files: readonly string[]; env: Env; isLate?: boolean | undefined };

/**
 * Black-box tests that `--all` runs once more, on a system with other settings. If they are
 * `isLate`, they run after all parallel files.
 */
const again: { list(): string[]; more: Env; isLate?: boolean }[] = [
  // The SDK's clients in the functions (docs/decisions/code-structure.md). Each function loads the
  // SDK in its first call, which on a busy machine takes longer than the call may.
  { list: () => ["test/api/gifts.test.ts"], more: { AWS_CLIENT: "sdk" }, isLate: true },
  // The same sockets at a relay (docs/decisions/relay.md).
  { list: listSocketFiles, more: { RELAY: "on" } },
];

/**
 * Whether whole runs take about three times as long here as on other machines: new memory is slow,
 * with 215 ms for 50 MB where this was measured, while processors add as fast as elsewhere.
 */
function isSlowMachine(): boolean {
  const began = performance.now();
  Buffer.allocUnsafeSlow(50_000_000).fill(1);
  return performance.now() - began > 100;
}

/**
 * The number of files that run at once: of parallel ones four on two processors, since files also
 * wait, and of those with limits in real time two, which together use less than one processor. On a
 * slow machine files wait less, and would delay each other's systems by seconds.
 */
function filesAtOnce(): { parallel: number; timed: number } {
  if (isSlowMachine()) return { parallel: 2, timed: 1 };
  const processors = availableParallelism();
  return { parallel: Math.max(4, Math.min(6, processors)), timed: Math.min(2, processors) };
}

/** Whether a file runs after all parallel ones. */
const isLast = (file: string) => isAlone(file) || isTimed(file);

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

/** Runs batches one after the other, each with one file at a time. */
async function runEach(batches: readonly Batch[], options: TestOptions, output?: string[]) {
  const outcomes: Outcome[] = [];
  for (const { files, env } of batches)
    outcomes.push(await run(files, options, env, "--runInBand", output));
  return sumOf(outcomes);
}

/**
 * Runs the chosen files: first the parallel ones, and next to them those that mostly wait and the
 * repetitions; then those that must run alone, and those with limits in real time. With a given
 * number of workers, none runs next to the parallel ones.
 */
async function runAll(options: TestOptions, env: Env, more: readonly Batch[]): Promise<Outcome> {
  const lanes = chooseFiles(options);
  const isOneLane = choosesWorkers(options);
  const named = isOneLane ? [...lanes.parallel, ...lanes.waiting] : lanes.parallel;
  // Files that were asked for run as they are.
  const group = (name: string, files: string[]) =>
    options.paths.length > 0 ? files : groupFiles(name, files);
  const parallel = group("parallel", named);
  const waiting = { files: isOneLane ? [] : group("waiting", lanes.waiting), env };
  const pick = (isAtEnd: boolean) =>
    more.map(({ files, env, isLate }, at) => {
      const picked = files.filter((file) => (isLate || isLast(file)) === isAtEnd);
      return { files: isAtEnd ? picked : group(`again-${at + 1}`, picked), env };
    });
  const [repeated, last] = [pick(false), [{ files: lanes.alone, env }, ...pick(true)]];
  const all = [waiting, ...repeated, ...last].flatMap(({ files }) => files);
  const chosen = parallel.length + all.length + lanes.timed.length;
  if (chosen === 0)
    console.error(
      options.changedSince === undefined
        ? `No test file's path contains ${options.paths.join(" or ")}`
        : `What has changed since ${options.changedSince} affects no test`,
    );
  // Two processes that draw their progress at once would overwrite each other's lines.
  const output: string[] | undefined = parallel.length > 0 ? [] : undefined;
  const atOnce = filesAtOnce();
  const outcomes = await Promise.all([
    run(parallel, options, env, `--maxWorkers=${atOnce.parallel}`),
    runEach(isOneLane ? [] : [waiting, ...repeated], options, output),
  ]);
  process.stderr.write((output ?? []).join(""));
  const alone = await runEach(isOneLane ? [...repeated, ...last] : last, options);
  const timed = await run(lanes.timed, options, env, `--maxWorkers=${atOnce.timed}`);
  const sum = sumOf([...outcomes, alone, timed]);
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
// Built before the first systems, which start at the same time: each would build its own.
if (isWhole(options))
  await Promise.all([buildAssembly("dev", new AbortController().signal), buildWeb()]);
else await build();
// Runner and tests read the keys of the Tencent application from here.
process.env.TENCENT_SECRET_KEY ??= randomBytes(32).toString("hex");
process.env.TENCENT_CALLBACK_KEY ??= randomBytes(24).toString("hex");
const opened: Shared[] = [];
const closeAll = () => Promise.all(opened.map((shared) => shared.close()));
/** Lets test files share systems with `more` in their environment; returns that of the files. */
async function share(more: Env): Promise<Env> {
  const shared = await openShared(more);
  opened.push(shared);
  return { ...more, SHARED_URL: shared.url };
}
const env = await share(options.watch ? { WATCH: "on" } : {});
// Ctrl-C also reaches jest and the systems; a signal to this process alone must end them.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, async () => {
    endJest();
    removeGroups();
    await closeAll();
    process.exit(1);
  });
try {
  if (options.watch) {
    process.exitCode = await watch(options, env);
  } else {
    const more: Batch[] = [];
    if (options.all && isWhole(options))
      for (const one of again)
        more.push({ files: one.list(), env: await share(one.more), isLate: one.isLate });
    const sum = await runAll(options, env, more);
    console.log(lineOf(sum));
    process.exitCode = isGreen(sum) ? 0 : 1;
  }
} finally {
  removeGroups();
  await closeAll();
}

/** Runs jest in watch mode, with its keys, until the user ends it. */
async function watch({ paths, jest }: TestOptions, env: Env): Promise<number> {
  // The black-box tests' system is warm at the first edit. Jest comes later: its watchers fail if
  // folders disappear meanwhile, such as those of an unfinished assembly.
  await fetch(`${env.SHARED_URL}/system/api`);
  const reporters = ["default", join(root, "test/count-line.ts")];
  const reporting = reporters.map((name) => `--reporters=${name}`);
  // Without a path, jest runs those files of the short run that uncommitted changes affect.
  const left = listLeftFiles().map((file) => `--testPathIgnorePatterns=${file}`);
  const chosen = paths.length > 0 ? ["--watchAll", ...paths] : ["--watch", ...left];
  return runJest([...reporting, ...jest, ...chosen], env, { terminal: "inherit" });
}

/** Whether the run includes all tests. */
function isWhole({ paths, name, changedSince }: TestOptions): boolean {
  return paths.length === 0 && name === undefined && changedSince === undefined;
}
