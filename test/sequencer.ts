/** The order in which jest runs the test files. */
import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { listChanged } from "../bin/test/test-files.ts";
import { longFiles, pathOf } from "./kinds.ts";

/** The CommonJS form of the package, which its types describe. */
type Jest = typeof import("@jest/test-sequencer", { with: { "resolution-mode": "require" }});
const { default: Sequencer } = createRequire(import.meta.url)("@jest/test-sequencer") as Jest;
type Base = InstanceType<Jest["default"]>;
type Tests = Parameters<Base["sort"]>[0];

const slashed = (path: string) => path.replaceAll("\\", "/");

const rankOf = (path: string) => {
  if (slashed(path).includes("/.cache/together/")) return -1;
  const rank = longFiles.findIndex((file) => slashed(path).endsWith(`/${pathOf(file)}`));
  return rank < 0 ? longFiles.length : rank;
};

/** The file edited last, of those that differ from the last commit; undefined without git. */
function findEdited(root: string): string | undefined {
  if (!existsSync(join(root, ".git"))) return undefined;
  const timeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const changed = listChanged("HEAD").map((file) => join(root, file));
  return changed.sort((a, b) => timeOf(b) - timeOf(a))[0];
}

/** The part of a test file that the order depends on. */
export type Ordered = {
  path: string;
  /** Milliseconds of its last run. */
  duration?: number | undefined;
  context: { hasteFS: Pick<Tests[number]["context"]["hasteFS"], "getDependencies" | "getSize"> };
};

/**
 * The order of `--watch`, where the first verdict matters: first the files that import or call the
 * edited source themselves (test/links.cjs), each group with the shortest first.
 */
export function orderByVerdict<T extends Ordered>(tests: readonly T[], edited?: string): T[] {
  const isDirect = ({ path, context: { hasteFS } }: T) =>
    path === edited ||
    (hasteFS.getDependencies(path) ?? []).some((name) => resolve(dirname(path), name) === edited);
  const direct = new Set(tests.filter(isDirect));
  // Sizes in bytes stand in for durations that are not known yet.
  const lengthOf = ({ path, duration, context: { hasteFS } }: T) =>
    duration ?? hasteFS.getSize(path) ?? 0;
  return tests.toSorted(
    (a, b) => Number(direct.has(b)) - Number(direct.has(a)) || lengthOf(a) - lengthOf(b),
  );
}

/** Long files first, then the others in jest's order; with `--watch`, `orderByVerdict`. */
export default class TestOrder extends Sequencer {
  readonly #isWatching: boolean;

  constructor(options: ConstructorParameters<Jest["default"]>[0]) {
    super(options);
    this.#isWatching = options.globalConfig.watch || options.globalConfig.watchAll;
  }

  override async sort(given: Tests) {
    const tests = await super.sort(given);
    return this.#isWatching
      ? orderByVerdict(tests, findEdited(join(import.meta.dirname, "..")))
      : tests.sort((a, b) => rankOf(a.path) - rankOf(b.path));
  }
}
