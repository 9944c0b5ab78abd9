import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** One TypeScript file of the house, or one with elements of a page in it. */
export type Source = {
  path: string;
  /** `domain`, `functions` …: the first folder. */
  room: string;
  text: string;
  lines: string[];
  /** What it imports: files of the house by path, everything else by name. */
  imports: string[];
};

/** Every file of some rooms. */
export function sourcesOf(...rooms: string[]): Source[] {
  return globSync(
    rooms.map((room) => `${room}/**/*.{ts,tsx}`),
    { cwd: root, exclude: ["**/dist/**", "**/*.d.ts"] },
  )
    .sort()
    .map((path) => readSource(path));
}

/** `import … from "x"`, `export … from "x"`, `import "x"` and `import("x")`. */
const importing =
  /^(?:import|export)\b(?:[^;"]|as "[^"]+")*\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), "utf8");
  const specifiers = text.matchAll(importing);
  const folder = path.slice(0, path.lastIndexOf("/"));
  const imports = [...specifiers].map(([, from, bare, later]) => {
    const specifier = from ?? bare ?? later ?? "";
    return specifier.startsWith(".") ? join(folder, specifier) : specifier;
  });
  return { path, room: path.split("/")[0] ?? "", text, lines: text.split("\n"), imports };
}

/** The source without its comments, for rules about code alone. Line breaks stay. */
export const codeOf = ({ text }: Source) =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/(^|\s)\/\/.*$/gm, "$1");

/** Lines of a source that match, as `path:line text`: what a failing rule shows. */
export function linesWith(source: Source, pattern: RegExp): string[] {
  const found: string[] = [];
  for (const [at, line] of codeOf(source).split("\n").entries())
    if (pattern.test(line)) found.push(`${source.path}:${at + 1} ${line.trim()}`);
  return found;
}
