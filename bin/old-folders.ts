import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** So long after its last use, in milliseconds, nobody has a folder any more. */
export const unusedMilliseconds = 3600_000;

/**
 * Removes what earlier starts made in a folder of folders, but for the newest `keptMax` and what was
 * used within the hour; also what a start had begun (`unfinished-…`) that was ended before it was
 * done. Other processes may do the same meanwhile.
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
