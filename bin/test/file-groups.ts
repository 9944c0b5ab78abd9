import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isSlow } from "../../test/kinds.ts";
import { readSource, withForwardSlashes } from "../build/source-graph.ts";

const root = join(import.meta.dirname, "../..");
/** Of this process: another `npm test` may run in this checkout. */
const folder = join(root, ".cache", "together", `${process.pid}`);

/** Folders whose files run in groups, by jest project: a group has its project's settings. */
const grouped: Record<string, RegExp> = {
  api: /^test\/api\//,
  platform: /^test\/platform\/(?!aws\/)/,
  folders: /^test\/(client|domain|web|local|bin)\//,
};

/** Large enough to load modules seldom, small enough that the groups end at about the same time. */
const filesPerGroup = 16;

/**
 * What modules keep from one file to the next: they read a setting once. A file that changes a
 * setting or a module needs modules of its own.
 */
const changing = [
  /process\.env(\.\w+|\[[^\]]+\]) (\?\?|\|\|)?= |\.assign\(process\.env|delete process\.env/,
  /useOwnTable\(\{|spyOn|unstable_mockModule/,
];

/** `await` at the top level: a group loads its files synchronously. */
const awaiting = /^\S.*=\n? *await /m;

/** Modules of `platform` also keep times, which a file with a clock of its own would set. */
const settingTimes = /useFakeTimers/;

/** Helpers that set the same values in each file. */
const constant = ["table", "queue-double", "tencent/stage"].map(
  (name) => `test/platform/${name}.ts`,
);

/** Whether a test file and its helpers leave the modules of its process as they were. */
export function sharesModules(file: string): boolean {
  if (isSlow(file)) return false;
  const keepsTimes = file.startsWith("test/platform/");
  const seen = new Set<string>();
  const isClean = (path: string): boolean => {
    // Programs of ours await at their top level.
    if (path.startsWith("bin/")) return false;
    if (seen.has(path) || !path.startsWith("test/") || constant.includes(path)) return true;
    seen.add(path);
    const { text, imports } = readSource(root, path);
    const found = [...changing, awaiting, ...(keepsTimes ? [settingTimes] : [])];
    return !found.some((pattern) => pattern.test(text)) && imports.every(isClean);
  };
  return isClean(file);
}

/**
 * Replaces the files that can share modules by files that run several of them (test/together.ts),
 * until `removeGroups`.
 */
export function groupFiles(files: readonly string[]): string[] {
  const groups = Object.entries(grouped).flatMap(([project, pattern]) => {
    const own = files.filter((file) => pattern.test(file) && sharesModules(file));
    const count = Math.ceil(own.length / filesPerGroup);
    // Every n-th file: neighbours are often as long as each other.
    const groupAt = (at: number) => own.filter((_, index) => index % count === at);
    return Array.from({ length: count }, (_, at) => ({
      name: `${project}-${at + 1}`,
      files: groupAt(at),
    }));
  });
  const inGroups = new Set(groups.flatMap((group) => group.files));
  return [
    ...groups.map(({ name, files }) => writeGroup(name, files)),
    ...files.filter((file) => !inGroups.has(file)),
  ];
}

function writeGroup(name: string, files: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.test.ts`);
  const from = withForwardSlashes(relative(folder, join(root, "test/together.ts")));
  const list = JSON.stringify(files, null, 2);
  writeFileSync(path, `import { runTogether } from "${from}";\n\nrunTogether(${list});\n`);
  return withForwardSlashes(relative(root, path));
}

export const removeGroups = () => rmSync(folder, { recursive: true, force: true });
