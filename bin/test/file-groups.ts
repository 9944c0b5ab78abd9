import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isLong, isSlow } from "../../test/kinds.ts";
import { readSource, withForwardSlashes } from "../build/source-graph.ts";

const root = join(import.meta.dirname, "../..");
/** This process's own folder, since another `npm test` may run in this checkout. */
const folder = join(root, ".cache", "together", `${process.pid}`);

/** Folders whose files run in groups, by jest project: a group has its project's settings. */
const grouped: Record<string, RegExp> = {
  api: /^test\/api\//,
  platform: /^test\/platform\/(?!aws\/)/,
  folders: /^test\/(?!api\/|platform\/(?!aws\/))/,
};

/** Large enough to load modules seldom, small enough that the groups end at about the same time. */
const filesPerGroup = { quick: 16, slow: 5 };

/**
 * Marks files that change a setting or a module. They cannot share modules with other files, since
 * modules read a setting once and keep it.
 */
const changing = [
  /process\.env(\.\w+|\[[^\]]+\]) (\?\?|\|\|)?= |\.assign\(process\.env|delete process\.env/,
  /useOwnTable\(\{|spyOn|unstable_mockModule/,
];

/** Finds `await` at the top level: a group loads its files synchronously. */
const awaiting = [
  /^(?=\S)(?!.*=>).*?(=\n *)?\bawait /m,
  // In a list or an object.
  /^\S.* = [[{]\n(?: {2}.*\n)*? {2}(?=\S)(?!.*=>).*?\bawait /m,
];

/** Marks files with a fake clock: modules of `platform` would keep its times for other files. */
const settingTimes = /useFakeTimers/;

/** Helpers that set the same values in each file. */
const constant = ["table", "queue-double", "tencent/stage"].map(
  (name) => `test/platform/${name}.ts`,
);

type Source = { imports: string[]; awaits: boolean; changes: boolean; setsTimes: boolean };
const sources = new Map<string, Source>();

/** What a source imports and does; each is read once. */
function sourceOf(path: string): Source {
  const known = sources.get(path);
  if (known) return known;
  const { text, imports } = readSource(root, path);
  const isOfTests = path.startsWith("test/") && !constant.includes(path);
  const source = {
    imports,
    awaits: awaiting.some((pattern) => pattern.test(text)),
    changes: isOfTests && changing.some((pattern) => pattern.test(text)),
    setsTimes: isOfTests && settingTimes.test(text),
  };
  sources.set(path, source);
  return source;
}

/** Whether a test file and its helpers leave the modules of its process as they were. */
export function sharesModules(file: string): boolean {
  if (isLong(file)) return false;
  const keepsTimes = file.startsWith("test/platform/");
  const seen = new Set<string>();
  const isClean = (path: string): boolean => {
    if (seen.has(path)) return true;
    seen.add(path);
    const { imports, awaits, changes, setsTimes } = sourceOf(path);
    return !awaits && !changes && !(keepsTimes && setsTimes) && imports.every(isClean);
  };
  return isClean(file);
}

/**
 * Replaces the files that can share modules by files that run several of them (test/together.ts),
 * until `removeGroups`. Each call of a process has a `name` of its own.
 */
export function groupFiles(name: string, files: readonly string[]): string[] {
  const shared = files.filter(sharesModules);
  const groups = Object.entries(grouped).flatMap(([project, pattern]) =>
    Object.entries(filesPerGroup).flatMap(([pace, size]) => {
      const own = shared.filter((file) => pattern.test(file) && isSlow(file) === (pace === "slow"));
      const count = Math.ceil(own.length / size);
      // Every n-th file: neighbours are often as long as each other.
      const groupAt = (at: number) => own.filter((_, index) => index % count === at);
      return Array.from({ length: count }, (_, at) =>
        writeGroup(`${project}-${name}-${pace}-${at + 1}`, groupAt(at)),
      );
    }),
  );
  return [...groups, ...files.filter((file) => !shared.includes(file))];
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
