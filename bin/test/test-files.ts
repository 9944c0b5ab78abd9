import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  isAlone,
  isInfrastructure,
  isMeasurement,
  isSlow,
  isTimed,
  isWaiting,
} from "../../test/kinds.ts";
import { withForwardSlashes } from "../build/source-graph.ts";
import type { TestOptions } from "./test-options.ts";

const root = join(import.meta.dirname, "../..");

/**
 * Test files that run in parallel, those that run one at a time next to them, those that run alone
 * afterwards, and those that run at last, two at a time.
 */
export type TestGroups = {
  parallel: string[];
  waiting: string[];
  alone: string[];
  timed: string[];
};

/** Every test file, by its path from the root. */
const everyFile = () => globSync("test/**/*.test.ts", { cwd: root }).map(withForwardSlashes).sort();

/** The black-box tests that open sockets: those that name the suite's own clients. */
export const listSocketFiles = (): string[] =>
  everyFile().filter(
    (file) =>
      file.startsWith("test/api/") &&
      /"\.\/(viewer|crowd)\.ts"|WS_URL/.test(readFileSync(join(root, file), "utf8")),
  );

/** The test files that a run leaves out unless they are named, or all of them are run. */
export const listLeftFiles = (): string[] =>
  everyFile().filter(
    (file) => isSlow(file) || isAlone(file) || isTimed(file) || isMeasurement(file),
  );

/** Whether a run without paths includes a test file, if a change affects it. */
export function isInRun(
  file: string,
  { all, changedSince }: Pick<TestOptions, "all" | "changedSince">,
): boolean {
  if (isMeasurement(file)) return false;
  return all || (!isSlow(file) && (changedSince !== undefined || !isInfrastructure(file)));
}

/** The test files that a run is asked for. */
export function chooseFiles({ paths, all, changedSince }: TestOptions): TestGroups {
  const wanted = paths.map((path) => new RegExp(path.replace(/^\.\//, ""), "i"));
  const related = changedSince === undefined ? undefined : new Set(listAffected(changedSince));
  const files = everyFile().filter(
    (file) =>
      (wanted.length > 0
        ? wanted.some((one) => one.test(join(root, file)))
        : isInRun(file, { all, changedSince })) &&
      (related === undefined || related.has(file)),
  );
  return {
    parallel: files.filter((file) => !isAlone(file) && !isWaiting(file) && !isTimed(file)),
    waiting: files.filter(isWaiting),
    alone: files.filter(isAlone),
    timed: files.filter(isTimed),
  };
}

/** git's output by line; throws with its error output if it fails. */
function git(cwd: string, ...given: string[]): string[] {
  const { status, stdout, stderr } = spawnSync("git", given, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

/** The files that differ from a commit, removed ones included, by their paths from the root. */
export const listChanged = (commit: string, checkout = root): string[] => [
  ...git(checkout, "diff", "--name-only", commit),
  ...git(checkout, "ls-files", "--others", "--exclude-standard"),
];

/**
 * The test files that changes since a commit can affect, uncommitted and new files included: those
 * that import changed sources, or call them from outside (test/links.cjs), or read changed files
 * (`readers`).
 */
function listAffected(commit: string): string[] {
  const changed = listChanged(commit);
  const sources = changed.filter((file) => source.test(file) && existsSync(join(root, file)));
  return [...listReaders(changed), ...(sources.length > 0 ? listRelated(sources) : [])];
}

/** The test files that read some of these files. */
export function listReaders(changed: readonly string[]): string[] {
  const reading = readers.filter(([pattern]) => changed.some((file) => pattern.test(file)));
  return everyFile().filter((file) => reading.some(([, tests]) => tests.test(file)));
}

const source = /\.(c|m)?[jt]sx?$/;

/** Files with the tests that read them, instead of importing them. */
const readers: [RegExp, RegExp][] = [
  [source, /^test\/conventions\//],
  [/^(package|package-lock|tsconfig|jest\.config)\.json$/, /./],
  [
    /^(docs|README|CHANGELOG|CONTRIBUTING|SECURITY|\.github|\.ci)/,
    /^test\/(conventions|examples)\//,
  ],
  [/^docs\/.*\.json$/, /^test\/(api\/(answers|described)|client|platform\/http)/],
  [/^(web|platform)\/.*\.(html|css|svg)$/, /^test\/(web|local\/pages)/],
  [/^examples\//, /^test\/examples\//],
];

/** The test files that jest relates to these sources. */
function listRelated(sources: readonly string[]): string[] {
  const jest = join(root, "node_modules/jest/bin/jest.js");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--no-warnings", jest, "--listTests", "--findRelatedTests", ...sources],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout
    .split("\n")
    .filter((line) => line.endsWith(".test.ts"))
    .map((line) => withForwardSlashes(line.slice(root.length + 1)));
}
