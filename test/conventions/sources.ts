import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** The folders of the product, tests and examples aside. */
export const productFolders = [
  "bin",
  "client",
  "domain",
  "functions",
  "lib",
  "local",
  "platform",
  "relay",
  "web",
];

/** One TypeScript file of the repository, with or without JSX. */
export type Source = {
  path: string;
  /** The top-level folder: `domain`, `functions` … */
  folder: string;
  text: string;
  lines: string[];
  /** Its imports: our own files by path, everything else by name. */
  imports: string[];
};

/** All source files of some folders. */
export function sourcesOf(...folders: string[]): Source[] {
  return globSync(
    folders.map((folder) => `${folder}/**/*.{ts,tsx}`),
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
  return { path, folder: path.split("/")[0] ?? "", text, lines: text.split("\n"), imports };
}

/** Generated types are as long as their document, and are not read from end to end. */
export const isGenerated = ({ text }: Source) => text.startsWith("/* Made from docs/");

/** The source without comments, for rules about code. Line breaks stay. */
export const codeOf = ({ text }: Source) =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/(^|\s)\/\/.*$/gm, "$1");

/** Matching lines of a source, as `path:line text`: the output of a failing rule. */
export function linesWith(source: Source, pattern: RegExp): string[] {
  const found: string[] = [];
  for (const [at, line] of codeOf(source).split("\n").entries())
    if (pattern.test(line)) found.push(`${source.path}:${at + 1} ${line.trim()}`);
  return found;
}
