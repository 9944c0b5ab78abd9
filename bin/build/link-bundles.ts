import { createHash } from "node:crypto";
import { copyFileSync, linkSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { flatName } from "../../lib/stages/names.ts";

/** The folder of a function's bundle in an assembly that is synthesized before there are bundles. */
const assetFolder = (name: string) =>
  `asset.${createHash("sha256").update(flatName(name)).digest("hex")}`;

/** Makes the folders of these functions, by their names, for the app to find. */
export function placeBundles(names: readonly string[], assembly: string): void {
  for (const name of names) mkdirSync(join(assembly, assetFolder(name)), { recursive: true });
}

/**
 * Puts the bundles of functions, by their names, from where they were made into an assembly. Files
 * of bundles are replaced and never written again, so both places may have the same ones. Answers
 * false when a bundle went away meanwhile.
 */
export function linkBundles(from: string, names: readonly string[], assembly: string): boolean {
  try {
    for (const name of names)
      linkFolder(join(from, flatName(name)), join(assembly, assetFolder(name)));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function linkFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) {
    const target = join(to, file);
    rmSync(target, { force: true });
    try {
      linkSync(join(from, file), target);
    } catch {
      // Not every file system has links.
      copyFileSync(join(from, file), target);
    }
  }
}
