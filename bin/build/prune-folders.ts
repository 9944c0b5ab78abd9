import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** A folder that has been unused for this many milliseconds may be removed. */
export const unusedMilliseconds = 3600_000;

/**
 * Removes folders made by earlier starts, except the newest `keptMax` and those used within the
 * last hour; also unfinished ones (`unfinished-…`) of starts that were killed. Safe to run in
 * several processes.
 */
export function removeOldFolders(folders: string, keptMax: number): void {
  const found = readdirSync(folders).flatMap((name) => {
    const path = join(folders, name);
    const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return mtimeMs === undefined ? [] : [{ name, path, mtimeMs }];
  });
  const isUnfinished = ({ name }: { name: string }) => name.startsWith("unfinished-");
  const finished = found
    .filter((folder) => !isUnfinished(folder))
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  for (const { path, mtimeMs } of [...finished.slice(keptMax), ...found.filter(isUnfinished)])
    if (Date.now() - mtimeMs > unusedMilliseconds) rmSync(path, { recursive: true, force: true });
}
