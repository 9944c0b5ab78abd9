import { createHash } from "node:crypto";
import { copyFileSync, linkSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { flatName } from "../../lib/stages/names.ts";

/**
 * The folder of a function's bundle in an assembly that is synthesized before the bundles exist.
 */
const assetFolder = (name: string) =>
  `asset.${createHash("sha256").update(flatName(name)).digest("hex")}`;

/** Creates the folders of these functions for the app to find. */
export function createBundleFolders(names: readonly string[], assembly: string): void {
  for (const name of names) mkdirSync(join(assembly, assetFolder(name)), { recursive: true });
}

/**
 * Links the bundles of functions from their build folder into an assembly. Bundle files are
 * replaced, never rewritten, so both folders can share them. Returns false if a bundle disappeared
 * meanwhile.
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
      // Some file systems have no hard links.
      copyFileSync(join(from, file), target);
    }
  }
}
