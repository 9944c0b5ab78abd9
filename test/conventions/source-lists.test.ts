/** The lists of sources from which builds decide whether they are up to date. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** A path or pattern of this repository as a literal, such as `"web/*.{css,ts}"`. */
const literal = /"((?:\{[\w,]+\}|bin|client|docs|lib|web)\/[\w{},*./-]*\.[\w{},]+)"/g;

/** The patterns without braces that one with braces stands for. */
function expand(pattern: string): string[] {
  const braces = /\{([^{}]*)\}/.exec(pattern);
  if (braces === null) return [pattern];
  const [all, inside = ""] = braces;
  return inside.split(",").flatMap((part) => expand(pattern.replace(all, part)));
}

test("every pattern of a build's sources matches files, so that a change of them rebuilds", () => {
  const patterns = globSync("bin/build/*.ts", { cwd: root }).flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(literal)].map(([, pattern]) => pattern!),
  );
  expect(patterns.length).toBeGreaterThan(10);
  // One ending of several may be unused, such as `.html` in a folder of templates.
  const isMatched = (pattern: string) => globSync(pattern, { cwd: root }).length > 0;
  const missing = [...new Set(patterns)].filter((pattern) => {
    const [ending = ""] = /[^.]*$/.exec(pattern) ?? [];
    const base = pattern.slice(0, pattern.length - ending.length);
    return !expand(base).every((one) => isMatched(`${one}${ending}`));
  });
  expect(missing).toEqual([]);
});
