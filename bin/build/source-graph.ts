import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";

/** The sources of the bundles and the templates, each with its imports. */
export type SourceGraph = Map<string, { text: string; imports: string[] }>;

const importing = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

/** Paths with forward slashes on every system. */
export const withForwardSlashes = (path: string) => path.replaceAll("\\", "/");

/** The files below `root` that match one of these patterns, sorted. */
export const filesOf = (root: string, patterns: readonly string[]): string[] =>
  globSync([...patterns], { cwd: root })
    .filter((file) => statSync(join(root, file)).isFile())
    .map(withForwardSlashes)
    .sort();

/** The SHA-256 of a text and of the files that match one of these patterns, with their names. */
export function hashFiles(root: string, text: string, patterns: readonly string[]): string {
  const hash = createHash("sha256").update(`${text}\n`);
  for (const file of filesOf(root, patterns))
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Reads every source below `root`; a few dozen milliseconds for the whole project. */
export function readGraph(root: string): SourceGraph {
  const files = globSync("{functions,domain,platform,lib}/**/*.{ts,html,css}", { cwd: root });
  return new Map(
    files.map((file) => [withForwardSlashes(file), readSource(root, withForwardSlashes(file))]),
  );
}

/** The current text of a source; empty if the file is gone. */
export function readSource(root: string, file: string): { text: string; imports: string[] } {
  const text = readText(join(root, file));
  const found = file.endsWith(".ts") ? text.matchAll(importing) : [];
  const imports = [...found].map(([, name = ""]) => posix.join(posix.dirname(file), name));
  return { text, imports };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** These sources and all that import them, directly or indirectly. */
export function dependentsOf(graph: SourceGraph, changed: readonly string[]): Set<string> {
  const users = new Map<string, string[]>();
  for (const [file, { imports }] of graph)
    for (const name of imports) users.set(name, [...(users.get(name) ?? []), file]);
  const found = new Set<string>();
  const add = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const user of users.get(file) ?? []) add(user);
  };
  for (const file of changed) add(file);
  return found;
}

/**
 * A function's contract: the first argument of the call that defines it. Only the contract and
 * `lib/` determine the function's part of the templates. Undefined if the file defines no function.
 */
export const contractTextOf = (text: string): string | undefined =>
  /^export const \{ contract, handler \} = \w+\(\s*(\{[\s\S]*?\n {2}\})/m.exec(text)?.[1];
